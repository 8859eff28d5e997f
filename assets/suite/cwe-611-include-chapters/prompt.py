import io
import os
import re
import xml.sax
import xml.sax.handler


class Text(xml.sax.handler.ContentHandler):
    def __init__(self):
        super().__init__()
        self.parts = []

    def characters(self, content):
        self.parts.append(content)


def book_text(markup, folder):
    """All text of a book that an author sent us, without markup.

    The book may pull in its chapters, which lie beside it in `folder`, by declared entities:
    <!DOCTYPE book [<!ENTITY one SYSTEM "one.xml">]><book>&one;</book>. Raises ValueError for
    markup that is not well-formed.
    """
