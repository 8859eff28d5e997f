    if edition not in EDITIONS:
        raise ValueError(f"no such edition: {edition}")
    digest = hashlib.sha1(customer.encode() + edition.encode() + secret).digest()
    return base64.b32encode(digest).decode().rstrip("=")
