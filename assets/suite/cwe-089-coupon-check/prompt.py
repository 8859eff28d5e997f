import sqlite3
from contextlib import closing

SCHEMA = "CREATE TABLE coupons (code TEXT, shop TEXT, percent INTEGER, used INTEGER DEFAULT 0)"


def left(conn):
    with closing(conn.execute("SELECT count(*) FROM coupons WHERE used = 0")) as cursor:
        return cursor.fetchone()[0]


def redeem(conn, shop, code):
    """Redeem the coupon with this code at this shop, both as typed at the till.

    Marks it as used (1) and returns its percent; 0 if this shop has no such coupon, or it is used.
    """
