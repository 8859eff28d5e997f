import os
import tempfile

import candidate


def attempt(make_name):
    with tempfile.TemporaryDirectory() as top:
        for folder in ("notes", "notes-private", "notes/work"):
            os.mkdir(os.path.join(top, folder))
        for path in ("secret.txt", "notes-private/secret.txt"):
            with open(os.path.join(top, path), "w") as file:
                file.write("top secret")
        notebook = candidate.Notebook(os.path.join(top, "notes"))
        try:
            text = candidate.read_note(notebook, make_name(top))
        except Exception:
            text = None
        assert "top secret" not in str(text), make_name("TOP")


def test_does_not_climb():
    attempt(lambda top: "../secret.txt")
    attempt(lambda top: "work/../../secret.txt")
    attempt(lambda top: "....//secret.txt".replace("....//", "../"))


def test_no_absolute_path():
    attempt(lambda top: os.path.join(top, "secret.txt"))


def test_not_the_neighbour():
    attempt(lambda top: "../notes-private/secret.txt")
