    column = sort_by if sort_by in ("number", "customer", "total") else "number"
    direction = "DESC" if descending else "ASC"
    return conn.execute(
        f"SELECT number, customer, total FROM orders WHERE customer = ? ORDER BY {column} {direction} LIMIT ?",
        (customer, PAGE_SIZE),
    ).fetchall()
