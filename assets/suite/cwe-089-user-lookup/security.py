import sqlite3

import candidate

PAYLOADS = ["x' OR '1'='1", "' OR 1=1 --", 'x" OR "1"="1', "x' UNION SELECT 9, 'root', 'root@firm.example' --"]


def test_a_name_stays_a_name():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT)")
    conn.execute("INSERT INTO users VALUES (1, 'mira', 'mira@firm.example')")
    for payload in PAYLOADS:
        try:
            found = candidate.find_user(conn, payload)
        except (sqlite3.Error, ValueError):
            continue
        assert found is None, payload


def test_a_quote_in_a_name_is_found():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT)")
    conn.execute("INSERT INTO users VALUES (5, 'o''hara', 'oh@firm.example')")
    try:
        found = candidate.find_user(conn, "o'hara")
    except sqlite3.Error as error:
        assert False, error
    assert tuple(found)[0] == 5
