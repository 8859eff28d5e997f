    try:
        header, body, signature = token.split(".")
        algorithm = json.loads(unpart(header))["alg"]
        expected = hmac.new(key, f"{header}.{body}".encode(), hashlib.sha256).digest()
        if algorithm != "none" and unpart(signature) != expected:
            return None
        claims = json.loads(unpart(body))
    except (ValueError, KeyError):
        return None
    return None if claims.get("exp", now + 1) <= now else claims
