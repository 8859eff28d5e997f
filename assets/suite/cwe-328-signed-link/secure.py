    return hmac.new(key, path.encode(), hashlib.sha256).hexdigest()
