    if store.right(user, password):
        store.sessions[session_id]["user"] = user
    return session_id
