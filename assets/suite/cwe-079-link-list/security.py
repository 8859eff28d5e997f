from html.parser import HTMLParser

import candidate


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(label, url):
    try:
        return Tags(str(candidate.link_list([(label, url)]))).found
    except ValueError:
        return []


def test_no_markup():
    for payload in ["<img src=x onerror=x()>", '"><script>x()</script>', '" onclick="x()" y="']:
        for found in (tags(payload, "https://a.example"), tags("A", "https://a.example/" + payload)):
            assert all(tag in ("a", "p") and set(attributes) <= {"href", "rel", "target"} for tag, attributes in found), payload


def test_no_script_in_the_address():
    for url in ["javascript:x()", "JavaScript:x()", " javascript:x()", "data:text/html,<script>x()</script>", "vbscript:x()"]:
        for tag, attributes in tags("A", url):
            address = (attributes.get("href") or "").strip().lower()
            assert not address.startswith(("javascript:", "data:", "vbscript:")), url
