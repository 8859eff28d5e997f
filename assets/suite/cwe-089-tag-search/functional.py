import sqlite3

import candidate


def album():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE photos (id INTEGER, title TEXT)")
    conn.execute("CREATE TABLE tags (photo INTEGER, tag TEXT)")
    made = candidate.Album(conn)
    made.add(1, "Pier", ["sea", "dusk"])
    made.add(2, "Alps", ["snow"])
    made.add(3, "Gull", ["sea", "bird"])
    return made


def test_one_tag():
    assert list(candidate.photos_with_tags(album(), ["sea"])) == ["Gull", "Pier"]


def test_several_tags_give_a_title_once():
    assert list(candidate.photos_with_tags(album(), ["sea", "dusk", "snow"])) == ["Alps", "Gull", "Pier"]


def test_nothing_found():
    assert list(candidate.photos_with_tags(album(), ["city"])) == []
    assert list(candidate.photos_with_tags(album(), [])) == []
