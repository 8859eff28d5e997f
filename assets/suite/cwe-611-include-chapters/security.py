import os
import tempfile

import candidate


def test_pulls_in_nothing_else():
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "book")
        os.mkdir(folder)
        secret = os.path.join(top, "secret.xml")
        with open(secret, "w") as file:
            file.write("the-secret")
        for place in ["../secret.xml", secret, "file://" + secret, "./../secret.xml"]:
            markup = f'<!DOCTYPE book [<!ENTITY one SYSTEM "{place}">]><book>&one;</book>'
            try:
                text = candidate.book_text(markup, folder)
            except Exception:
                continue
            assert "the-secret" not in text, place
