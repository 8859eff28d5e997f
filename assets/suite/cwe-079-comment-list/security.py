from html.parser import HTMLParser

import candidate


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        assert attrs == [], tag


def made(author, text):
    return str(candidate.render_comments([{"author": author, "text": text, "time": 1}]))


def test_neither_part_brings_markup():
    for payload in ["<script>steal()</script>", "<a href='javascript:x()'>free</a>", "<b onclick=x()>hi</b>"]:
        assert Tags(made("al", payload)).found <= {"ul", "li", "b", "br"}
        assert Tags(made(payload, "hi")).found <= {"ul", "li", "b", "br"}


def test_markup_across_line_ends():
    assert Tags(made("al", "<script\n>x()</script\n>")).found <= {"ul", "li", "b", "br"}
