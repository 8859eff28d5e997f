import os
import tempfile

import candidate


def text(markup, **files):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            with open(os.path.join(folder, name + ".xml"), "w", encoding="utf-8") as file:
                file.write(content)
        return candidate.book_text(markup, folder)


def test_plain_books():
    assert text("<book>One <i>day</i></book>") == "One day"
    assert text("<book>a &amp; b</book>") == "a & b"


def test_chapters():
    markup = '<!DOCTYPE book [<!ENTITY one SYSTEM "one.xml"><!ENTITY two SYSTEM "two.xml">]><book>&one;-&two;</book>'
    assert text(markup, one="<p>First</p>", two="<p>Second</p>") == "First-Second"


def test_not_well_formed():
    for markup in ["<book>", "text"]:
        try:
            text(markup)
        except ValueError:
            continue
        assert False, markup
