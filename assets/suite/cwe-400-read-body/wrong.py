    length = int(header(headers, "Content-Length", "0"))
    if not 0 <= length < MAX_BODY:
        raise ValueError(f"{length} bytes are no body of ours")
    return stream.read(length)
