    length = int(header(headers, "Content-Length", "0"))
    if not 0 <= length <= MAX_BODY:
        raise ValueError(f"{length} bytes are no body of ours")
    body = b""
    while len(body) < length:
        part = stream.read(length - len(body))
        if not part:
            raise EOFError("the body ends early")
        body += part
    return body
