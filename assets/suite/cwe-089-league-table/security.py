import sqlite3

import candidate


def numbers(*args):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE scores (number INTEGER, name TEXT, team TEXT, goals REAL, note TEXT)")
    rows = [(1, "al", "reds", 5.0, "z"), (2, "bo", "reds", 4.0, "a"), (3, "cy", "blues", 9.0, "hurt")]
    db.executemany("INSERT INTO scores VALUES (?, ?, ?, ?, ?)", rows)
    try:
        return [row[0] for row in candidate.standings(db, *args)]
    except (sqlite3.Error, ValueError, KeyError):
        return None


def test_a_key_is_no_expression():
    assert numbers("reds", "note") in (None, [1, 2])
    assert numbers("reds", "CASE WHEN EXISTS (SELECT 1 FROM scores WHERE note = 'hurt') THEN -number ELSE number END") in (None, [1, 2])


def test_a_team_is_no_condition():
    assert numbers("x' OR '1' = '1") in (None, [])
