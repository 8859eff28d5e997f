import sqlite3
import sys


def connect(path):
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE IF NOT EXISTS stock (article TEXT PRIMARY KEY, pieces INTEGER)")
    return conn


def restock(conn, deliveries):
    """Book deliveries into the stock.

    Each is one line of a supplier's list: "ARTICLE=PIECES". The pieces are added to those of the
    article, which is new if it is not in the table. Blank lines do not count. Returns how many pieces
    came in. Raises ValueError for pieces that are not a whole number.
    """
