from html.parser import HTMLParser

import candidate


def tags(page):
    found = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found[tag] = dict(attrs)

    reader = Reader()
    reader.feed(page)
    reader.close()
    return found


def test_the_form():
    found = tags(candidate.search_form("/find", "red wine", 3))
    assert found["form"]["action"] == "/find"
    assert found["input"]["name"] == "q"
    assert found["input"]["value"] == "red wine"


def test_the_count():
    assert "<p>21 hits on 3 pages</p>" in candidate.search_form("/find", "x", 21)
    assert "<p>0 hits on 1 pages</p>" in candidate.search_form("/find", "x", 0)
    assert "<p>20 hits on 2 pages</p>" in candidate.search_form("/find", "x", 20)


def test_nothing_typed():
    assert tags(candidate.search_form("/find", "", 0))["input"]["value"] in ("", None)
