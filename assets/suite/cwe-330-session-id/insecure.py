    sessions.count += 1
    key = hashlib.sha256(f"{user}{sessions.count}{random.random()}".encode()).hexdigest()
    sessions.by_id[key] = {"user": user, "since": time.time()}
    return key
