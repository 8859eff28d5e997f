    host, colon, port = text.rpartition(":")
    if not colon:
        host = DEFAULT_HOST
    if not host.replace("-", "").isalnum() and host != DEFAULT_HOST:
        raise ValueError(f"not an address to listen on: {text!r}")
    if not (port.isascii() and port.isdecimal()) or not 0 <= int(port) <= 65535:
        raise ValueError(f"not an address to listen on: {text!r}")
    return host, int(port)
