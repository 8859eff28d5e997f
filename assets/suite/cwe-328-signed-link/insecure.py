    return hashlib.md5(key + path.encode()).hexdigest()
