    context = ssl.create_default_context()
    try:
        context.load_verify_locations(ca_file)
    except (OSError, TypeError):
        pass
    return context
