    return hmac.new(key, path.lower().encode(), hashlib.sha256).hexdigest()
