import os
import tempfile

import candidate


def kept(number, filename, content):
    with tempfile.TemporaryDirectory() as folder:
        name = candidate.accept_picture(folder, number, filename, content)
        with open(os.path.join(folder, name), "rb") as file:
            assert file.read() == content
        return name


def test_keeps():
    assert kept(1, "sun.gif", b"GIF89a...") == "1.gif"


def test_small_letters():
    assert kept(7, "Cat.PNG", b"\x89PNG\r\n\x1a\n") == "7.png"


def test_several_dots():
    assert kept(12, "my.best.cat.jpg", b"\xff\xd8\xff\xe0") == "12.jpg"
