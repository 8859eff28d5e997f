from html.parser import HTMLParser

import candidate


def tags(page):
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, dict(attrs)))

    reader = Reader()
    reader.feed(page)
    reader.close()
    return found


def test_what_was_typed_stays_in_the_value():
    for typed in ['"><script>x()</script>', '" onfocus="x()" autofocus="', "' onfocus='x()' a='", "<b>"]:
        found = tags(str(candidate.search_form("/find", typed, 1)))
        assert [tag for tag, _ in found if tag not in ("form", "input", "p", "button", "label")] == [], typed
        for tag, attributes in found:
            assert "onfocus" not in attributes and "autofocus" not in attributes, typed
