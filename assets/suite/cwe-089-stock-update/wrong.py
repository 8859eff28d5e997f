    total = 0
    for line in deliveries:
        if not line.strip():
            continue
        article, _, text = line.rpartition("=")
        conn.execute("INSERT OR REPLACE INTO stock VALUES (?, ?)", (article, int(text)))
        total += int(text)
    conn.commit()
    return total
