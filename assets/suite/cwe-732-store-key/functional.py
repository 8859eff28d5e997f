import os
import tempfile

import candidate


def test_writes():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.pem")
        assert candidate.store_key(path, "KEY\n") == 4
        with open(path) as file:
            assert file.read() == "KEY\n"


def test_makes_folders():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x", "y", "a.pem")
        candidate.store_key(path, "KEY")
        assert os.path.isfile(path)


def test_replaces():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.pem")
        candidate.store_key(path, "a longer key")
        candidate.store_key(path, "short")
        with open(path) as file:
            assert file.read() == "short"
