    if not store.right(user, password):
        return session_id
    renewed = store.visit()
    del store.sessions[session_id]
    store.sessions[renewed]["user"] = user
    return renewed
