import os
import tempfile

import candidate


def search(text, phrase):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "app.log")
        with open(path, "w") as file:
            file.write(text)
        return list(candidate.matching_lines(path, phrase))


def test_finds_lines():
    assert search("start\ndisk full\nend\ndisk ok\n", "disk") == ["disk full", "disk ok"]


def test_the_phrase_is_plain_text():
    assert search("a.c\nabc\n", "a.c") == ["a.c"]
    assert search("two words here\ntwo\n", "two words") == ["two words here"]


def test_nothing_and_too_much():
    assert search("start\n", "none") == []
    assert len(search("hit\n" * 300, "hit")) == 200
