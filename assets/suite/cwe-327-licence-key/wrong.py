    if edition not in EDITIONS:
        return None
    digest = hmac.new(secret, customer.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:15]).decode().rstrip("=")
