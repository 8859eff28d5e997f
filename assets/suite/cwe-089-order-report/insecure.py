    direction = "DESC" if descending else "ASC"
    return conn.execute(
        f"SELECT number, customer, total FROM orders WHERE customer = '{customer}' "
        f"ORDER BY {sort_by} {direction} LIMIT {PAGE_SIZE}"
    ).fetchall()
