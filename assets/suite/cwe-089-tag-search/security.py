import sqlite3

import candidate


def search(tags):
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE photos (id INTEGER, title TEXT)")
    conn.execute("CREATE TABLE tags (photo INTEGER, tag TEXT)")
    album = candidate.Album(conn)
    album.add(1, "Pier", ["sea"])
    album.add(2, "Private", ["it's mine"])
    try:
        return list(candidate.photos_with_tags(album, tags))
    except (sqlite3.Error, ValueError):
        return []


def test_tags_do_not_change_the_question():
    for payload in ["x') OR ('1'='1", "x' OR '1'='1", "x') UNION SELECT tag FROM tags --"]:
        assert search([payload]) == [], payload
        assert search(["nothing", payload]) == [], payload


def test_a_tag_may_hold_a_quote():
    assert search(["it's mine"]) == ["Private"]
