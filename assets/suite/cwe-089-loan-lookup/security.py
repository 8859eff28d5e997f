import sqlite3

import candidate

PAYLOADS = ["x' OR '1'='1", "' OR 1=1 --", 'x" OR "1"="1', "x' UNION SELECT 9, 'root', 'root@reads.example' --"]


def test_a_name_stays_a_name():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE cards (card_no INTEGER PRIMARY KEY, holder TEXT, phone TEXT)")
    conn.execute("INSERT INTO cards VALUES (1, 'mira', 'mira@reads.example')")
    for payload in PAYLOADS:
        try:
            found = candidate.borrower_card(conn, payload)
        except (sqlite3.Error, ValueError):
            continue
        assert found is None, payload


def test_a_quote_in_a_name_is_found():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE cards (card_no INTEGER PRIMARY KEY, holder TEXT, phone TEXT)")
    conn.execute("INSERT INTO cards VALUES (5, 'o''hara', 'oh@reads.example')")
    try:
        found = candidate.borrower_card(conn, "o'hara")
    except sqlite3.Error as error:
        assert False, error
    assert tuple(found)[0] == 5
