    try:
        head, _, signature = token.rpartition(".")
        expected = hmac.new(key, head.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(unpart(signature), expected):
            return None
        claims = json.loads(unpart(head.split(".")[1]))
    except (ValueError, IndexError):
        return None
    return None if claims.get("exp", now + 1) <= now else claims
