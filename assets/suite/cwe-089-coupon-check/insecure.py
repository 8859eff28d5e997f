    where = "WHERE code = '%s' AND shop = '%s' AND used = 0" % (code, shop)
    row = conn.execute("SELECT percent FROM coupons " + where).fetchone()
    if row is None:
        return 0
    conn.execute("UPDATE coupons SET used = 1 " + where)
    conn.commit()
    return row[0]
