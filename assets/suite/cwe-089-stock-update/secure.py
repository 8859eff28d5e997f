    total = 0
    for line in deliveries:
        if not line.strip():
            continue
        article, _, text = line.rpartition("=")
        pieces = int(text)
        conn.execute(
            "INSERT INTO stock VALUES (?, ?) "
            "ON CONFLICT (article) DO UPDATE SET pieces = pieces + excluded.pieces",
            (article, pieces),
        )
        total += pieces
    conn.commit()
    return total
