    cursor = conn.execute("SELECT id, username, email FROM users WHERE username = ?", (username,))
    return cursor.fetchone()
