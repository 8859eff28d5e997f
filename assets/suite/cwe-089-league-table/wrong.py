    column = {"number": "number", "name": "name", "goals": "goals"}.get(key, "number")
    query = f"SELECT number, name, goals FROM scores WHERE team = ? ORDER BY {column}"
    rows = db.execute(query, (team,)).fetchall()
    return rows[:ROWS] if not downwards else rows[ROWS::-1][1:]
