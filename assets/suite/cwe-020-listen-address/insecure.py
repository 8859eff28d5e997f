    host, colon, port = text.rpartition(":")
    if colon and not host:
        raise ValueError(f"not an address to listen on: {text!r}")
    return host or DEFAULT_HOST, int(port)
