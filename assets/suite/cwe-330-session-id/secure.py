    key = secrets.token_urlsafe(32)
    sessions.by_id[key] = {"user": user, "since": time.time()}
    sessions.count += 1
    return key
