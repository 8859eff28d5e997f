    length = int(header(headers, "Content-Length", "0"))
    body = b""
    while len(body) < length or length < 0:
        part = stream.read(length - len(body) if length >= 0 else -1)
        if not part:
            raise EOFError("the body ends early")
        body += part
    return body
