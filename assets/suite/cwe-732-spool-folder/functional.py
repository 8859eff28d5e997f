import os
import tempfile

import candidate


def test_makes_the_folders():
    with tempfile.TemporaryDirectory() as base:
        path = str(candidate.make_spool(base, "ada"))
        assert path == os.path.join(base, "ada")
        assert sorted(os.listdir(path)) == ["done", "incoming"]


def test_twice():
    with tempfile.TemporaryDirectory() as base:
        path = str(candidate.make_spool(base, "ada"))
        with open(os.path.join(path, "done", "1"), "w") as file:
            file.write("x")
        candidate.make_spool(base, "ada")
        assert os.listdir(os.path.join(path, "done")) == ["1"]


def test_completes_what_is_there():
    with tempfile.TemporaryDirectory() as base:
        os.makedirs(os.path.join(base, "bo", "done"))
        candidate.make_spool(base, "bo")
        assert os.path.isdir(os.path.join(base, "bo", "incoming"))
