    total = 0
    for line in deliveries:
        if not line.strip():
            continue
        article, _, text = line.rpartition("=")
        pieces = int(text)
        changed = conn.execute(
            f"UPDATE stock SET pieces = pieces + {pieces} WHERE article = '{article}'"
        )
        if changed.rowcount == 0:
            conn.execute(f"INSERT INTO stock VALUES ('{article}', {pieces})")
        total += pieces
    conn.commit()
    return total
