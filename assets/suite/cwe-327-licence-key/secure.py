    if edition not in EDITIONS:
        raise ValueError(f"no such edition: {edition}")
    digest = hmac.new(secret, f"{customer}\0{edition}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:15]).decode().rstrip("=")
