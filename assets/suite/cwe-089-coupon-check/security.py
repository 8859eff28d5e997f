import sqlite3

import candidate


def test_what_is_typed_is_no_condition():
    for shop, code in [("north", "x' OR '1'='1"), ("x' OR '1'='1' --", "x"), ("north", "' OR used = 0 --"), ("north", 'x" OR "1"="1')]:
        conn = sqlite3.connect(":memory:")
        conn.execute(candidate.SCHEMA)
        conn.execute("INSERT INTO coupons VALUES ('A1', 'north', 10, 0)")
        try:
            percent = candidate.redeem(conn, shop, code)
        except (sqlite3.Error, ValueError):
            percent = 0
        assert percent == 0, code
        assert conn.execute("SELECT used FROM coupons").fetchall() == [(0,)], code
