    message = queue.pop()
    if message is None:
        return None
    try:
        name, arguments = json.loads(message)
    except ValueError:
        return None
    return name, arguments
