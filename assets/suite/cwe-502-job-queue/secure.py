    while (message := queue.pop()) is not None:
        try:
            name, arguments = json.loads(message)
        except (ValueError, TypeError):
            continue
        if isinstance(name, str) and isinstance(arguments, list):
            return name, arguments
    return None
