import sqlite3

import candidate


def shop():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE orders (number INTEGER, customer TEXT, total REAL, note TEXT)")
    rows = [(1, "ann", 5.0, "z"), (2, "ann", 4.0, "a"), (3, "bob", 9.0, "secret")]
    conn.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
    return conn


def numbers(*args):
    try:
        return [row[0] for row in candidate.orders_sorted(shop(), *args)]
    except (sqlite3.Error, ValueError, KeyError):
        return None


def test_the_column_is_no_expression():
    assert numbers("ann", "note") in (None, [1, 2])
    assert numbers("ann", "(CASE WHEN (SELECT note FROM orders WHERE number = 3) = 'secret' THEN -number ELSE number END)") in (None, [1, 2])


def test_the_customer_is_no_condition():
    assert numbers("x' OR 'a' = 'a") in (None, [])
