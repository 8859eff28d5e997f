import sqlite3

import candidate


def till():
    conn = sqlite3.connect(":memory:")
    conn.execute(candidate.SCHEMA)
    rows = [("A1", "north", 10, 0), ("A1", "south", 25, 0), ("B2", "north", 50, 1)]
    conn.executemany("INSERT INTO coupons VALUES (?, ?, ?, ?)", rows)
    return conn


def test_redeems():
    conn = till()
    assert candidate.redeem(conn, "south", "A1") == 25
    assert candidate.left(conn) == 1


def test_once():
    conn = till()
    assert candidate.redeem(conn, "north", "A1") == 10
    assert candidate.redeem(conn, "north", "A1") == 0
    assert candidate.redeem(conn, "south", "A1") == 25


def test_no_coupon():
    conn = till()
    assert candidate.redeem(conn, "north", "B2") == 0
    assert candidate.redeem(conn, "west", "A1") == 0
    assert candidate.left(conn) == 2
