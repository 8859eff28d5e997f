    column = sort_by if sort_by in ("number", "customer", "total") else "number"
    rows = conn.execute(
        f"SELECT number, customer, total FROM orders WHERE customer = ? ORDER BY {column} LIMIT ?",
        (customer, PAGE_SIZE),
    )
    return rows.fetchall()
