import os
import tempfile

import candidate


def get(target):
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "docs"))
        for name in ("index.html", "docs/index.html", "docs/a b.txt"):
            with open(os.path.join(root, name), "w") as file:
                file.write(name)
        return tuple(candidate.serve(root, target))


def test_files():
    assert get("/docs/a%20b.txt") == (200, "text/plain", b"docs/a b.txt")


def test_folders():
    assert get("/") == (200, "text/html", b"index.html")
    assert get("/docs/") == (200, "text/html", b"docs/index.html")


def test_a_query():
    assert get("/index.html?lang=%2e") == (200, "text/html", b"index.html")


def test_not_there():
    assert get("/none.txt") == (404, "text/plain", b"not found")
