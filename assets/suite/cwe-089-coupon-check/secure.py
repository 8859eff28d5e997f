    where = "WHERE code = ? AND shop = ? AND used = 0"
    row = conn.execute(f"SELECT percent FROM coupons {where}", (code, shop)).fetchone()
    if row is None:
        return 0
    conn.execute(f"UPDATE coupons SET used = 1 {where}", (code, shop))
    conn.commit()
    return row[0]
