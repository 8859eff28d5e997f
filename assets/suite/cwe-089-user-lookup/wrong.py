    cursor = conn.execute(
        "SELECT id, username, email FROM users WHERE username LIKE ? || '%'", (username,)
    )
    return cursor.fetchone()
