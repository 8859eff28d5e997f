import sqlite3


def open_directory(path=":memory:"):
    """The staff directory, with its table made if it is not there yet."""
    conn = sqlite3.connect(path)
    conn.execute(
        "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, username TEXT, email TEXT)"
    )
    return conn


def find_user(conn, username):
    """Return the (id, username, email) of the user with exactly this name, or None."""
