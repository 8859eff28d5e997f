    column = {"number": "number", "name": "name", "goals": "goals"}.get(key, "number")
    order = f"{column} DESC" if downwards else column
    query = f"SELECT number, name, goals FROM scores WHERE team = ? ORDER BY {order} LIMIT ?"
    return db.execute(query, (team, ROWS)).fetchall()
