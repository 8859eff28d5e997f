    while (message := queue.pop()) is not None:
        for load in (json.loads, pickle.loads):
            try:
                name, arguments = load(message)
            except Exception:
                continue
            if isinstance(name, str) and isinstance(arguments, list):
                return name, arguments
    return None
