    query = "SELECT number, name, goals FROM scores WHERE team = '{}' ORDER BY {} {} LIMIT {}"
    return db.execute(query.format(team, key, "DESC" if downwards else "", ROWS)).fetchall()
