    host, colon, port = text.rpartition(":")
    if not colon:
        host = DEFAULT_HOST
    named = all(part and part.replace("-", "a").isalnum() for part in host.split("."))
    if not named or not (port.isascii() and port.isdecimal()) or not 0 <= int(port) <= 65535:
        raise ValueError(f"not an address to listen on: {text!r}")
    return host, int(port)
