import os
import tempfile

import candidate


def test_saves():
    with tempfile.TemporaryDirectory() as root:
        path = str(candidate.save_upload(root, "ida", {"filename": "cat.png", "content": b"\x89PNG"}))
        assert os.path.samefile(path, os.path.join(root, "ida", "cat.png"))
        with open(path, "rb") as file:
            assert file.read() == b"\x89PNG"


def test_replaces_an_older_one():
    with tempfile.TemporaryDirectory() as root:
        for content in (b"long content", b"new"):
            path = candidate.save_upload(root, "bo", {"filename": "a b.txt", "content": content})
        with open(str(path), "rb") as file:
            assert file.read() == b"new"


def test_the_limit():
    with tempfile.TemporaryDirectory() as root:
        candidate.save_upload(root, "bo", {"filename": "max", "content": b"x" * 1_000_000})
        try:
            candidate.save_upload(root, "bo", {"filename": "more", "content": b"x" * 1_000_001})
        except ValueError:
            assert not os.path.exists(os.path.join(root, "bo", "more"))
            return
    assert False, "too long, and taken"
