import sqlite3

import candidate


def directory():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, email TEXT)")
    rows = [(1, "mira", "mira@firm.example"), (2, "tom", "tom@firm.example"), (3, "mirabel", "mb@firm.example")]
    conn.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)
    return conn


def test_finds_the_user():
    assert tuple(candidate.find_user(directory(), "tom")) == (2, "tom", "tom@firm.example")


def test_matches_the_whole_name():
    assert tuple(candidate.find_user(directory(), "mirabel"))[0] == 3
    assert candidate.find_user(directory(), "mir") is None


def test_unknown_and_empty_names():
    assert candidate.find_user(directory(), "nobody") is None
    assert candidate.find_user(directory(), "") is None
