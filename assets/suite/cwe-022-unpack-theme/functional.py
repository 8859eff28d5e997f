import os
import tempfile
import zipfile

import candidate


def unpack(entries, on_file=None):
    with tempfile.TemporaryDirectory() as top:
        archive = os.path.join(top, "t.zip")
        with zipfile.ZipFile(archive, "w") as file:
            for name, data in entries:
                file.writestr(name, data)
        theme = os.path.join(top, "theme")
        os.mkdir(theme)
        count = candidate.unpack_theme(archive, theme, on_file)
        found = {}
        for folder, _, names in os.walk(theme):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, theme)] = file.read()
        return count, found


def test_unpacks():
    assert unpack([("style.css", b"a{}"), ("img/x.png", b"\0\1")]) == (2, {"style.css": b"a{}", "img/x.png": b"\0\1"})


def test_folders_do_not_count():
    assert unpack([("img/", b""), ("img/deep/", b""), ("img/deep/y", b"1")]) == (1, {"img/deep/y": b"1"})
    assert unpack([]) == (0, {})


def test_tells_of_each_file():
    told = []
    unpack([("a", b"12"), ("b/c", b"")], lambda name, size: told.append((name, size)))
    assert sorted(told) == [("a", 2), ("b/c", 0)]
