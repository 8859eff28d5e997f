from html.parser import HTMLParser

import candidate


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)

    def handle_data(self, data):
        self.text += data


def read(name):
    tags = Tags()
    tags.feed(str(candidate.welcome_page({"name": name})))
    tags.close()
    return tags


def test_a_name_brings_no_markup():
    for name in ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</h1><svg onload=alert(1)>"]:
        try:
            found = read(name).found
        except ValueError:
            continue
        assert not {"script", "img", "svg"} & set(found), name
