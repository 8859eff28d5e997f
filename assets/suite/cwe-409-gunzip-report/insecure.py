    try:
        data = gzip.decompress(blob)
    except (OSError, EOFError) as error:
        raise ValueError("not a report") from error
    if not blob or len(data) > MAX_REPORT:
        raise ValueError("too long, or empty")
    return data.decode()
