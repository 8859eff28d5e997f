    key = secrets.token_urlsafe(32)
    sessions.by_id[key] = {"user": user, "since": time.time()}
    sessions.count = len({s["user"] for s in sessions.by_id.values()})
    return key
