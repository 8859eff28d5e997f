    if not store.right(user, password):
        return session_id
    renewed = store.visit()
    session = store.sessions.pop(session_id)
    store.sessions[renewed] = {**session, "user": user}
    return renewed
