import sqlite3

import candidate


def hall(count=3):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE scores (number INTEGER, name TEXT, team TEXT, goals REAL, note TEXT)")
    for n in range(count):
        db.execute("INSERT INTO scores VALUES (?, ?, 'reds', ?, 'n')", (n + 1, f"p{n}", 100.0 - n))
    db.execute("INSERT INTO scores VALUES (90, 'zoe', 'blues', 1.0, 'other')")
    return db


def numbers(*args, **kwargs):
    return [row[0] for row in candidate.standings(hall(), *args, **kwargs)]


def test_columns():
    assert numbers("reds", "goals") == [3, 2, 1]
    assert numbers("reds", "name") == [1, 2, 3]


def test_downwards():
    assert numbers("reds", "goals", downwards=True) == [1, 2, 3]
    assert numbers("reds", downwards=True) == [3, 2, 1]


def test_rows():
    assert [tuple(row) for row in candidate.standings(hall(), "blues")] == [(90, "zoe", 1.0)]
    assert len(candidate.standings(hall(30), "reds")) == 20
    assert numbers("greens") == []
