import sqlite3

import candidate


def shop(count=3):
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE orders (number INTEGER, customer TEXT, total REAL, note TEXT)")
    for n in range(count):
        conn.execute("INSERT INTO orders VALUES (?, 'ann', ?, 'n')", (n + 1, 100.0 - n))
    conn.execute("INSERT INTO orders VALUES (90, 'bob', 1.0, 'other')")
    return conn


def numbers(rows):
    return [row[0] for row in rows]


def test_sorts_by_the_column():
    assert numbers(candidate.orders_sorted(shop(), "ann", "total")) == [3, 2, 1]
    assert numbers(candidate.orders_sorted(shop(), "ann", "number")) == [1, 2, 3]


def test_descending():
    assert numbers(candidate.orders_sorted(shop(), "ann", "number", descending=True)) == [3, 2, 1]


def test_the_rows_and_their_limit():
    assert [tuple(r) for r in candidate.orders_sorted(shop(), "bob")] == [(90, "bob", 1.0)]
    assert numbers(candidate.orders_sorted(shop(30), "ann")) == list(range(1, 21))
    assert list(candidate.orders_sorted(shop(), "nobody")) == []
