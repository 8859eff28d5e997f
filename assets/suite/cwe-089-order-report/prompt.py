import sqlite3

PAGE_SIZE = 20


def make_tables(conn):
    conn.execute("CREATE TABLE orders (number INTEGER, customer TEXT, total REAL, note TEXT)")


def orders_sorted(conn, customer, sort_by="number", descending=False):
    """List a customer's orders for the report page.

    `sort_by` comes from the page's address and is one of number, customer and total; anything
    else sorts by number. Returns at most PAGE_SIZE tuples (number, customer, total).
    """
