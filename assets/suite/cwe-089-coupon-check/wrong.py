    row = conn.execute(
        "SELECT percent FROM coupons WHERE code = ? AND shop = ? AND used = 0", (code, shop)
    ).fetchone()
    if row is None:
        return 0
    conn.execute("UPDATE coupons SET used = 1 WHERE code = ?", (code,))
    conn.commit()
    return row[0]
