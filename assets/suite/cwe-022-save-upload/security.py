import os
import tempfile

import candidate


def attempt(user, make_name):
    with tempfile.TemporaryDirectory() as top:
        root = os.path.join(top, "media")
        os.makedirs(os.path.join(root, "ida"))
        os.makedirs(os.path.join(root, "eve"))
        with open(os.path.join(root, "ida", "cat.png"), "wb") as file:
            file.write(b"ida's")
        try:
            candidate.save_upload(root, user, {"filename": make_name(top), "content": b"eve's"})
        except Exception:
            pass
        with open(os.path.join(root, "ida", "cat.png"), "rb") as file:
            assert file.read() == b"ida's"
        assert os.listdir(top) == ["media"]
        assert sorted(os.listdir(root)) == ["eve", "ida"]


def test_stays_in_the_folder():
    attempt("eve", lambda top: "../ida/cat.png")
    attempt("eve", lambda top: "../../planted")
    attempt("eve", lambda top: "../planted")


def test_takes_no_absolute_name():
    attempt("eve", lambda top: os.path.join(top, "planted"))
    attempt("eve", lambda top: os.path.join(top, "media", "ida", "cat.png"))
