import os
import tempfile

import candidate


def test_takes():
    with tempfile.TemporaryDirectory() as folder:
        path = str(candidate.take_lock("db", folder))
        assert path == os.path.join(folder, "db.lock")
        assert candidate.owner(path) == candidate.os.getpid()


def test_taken():
    with tempfile.TemporaryDirectory() as folder:
        candidate.take_lock("db", folder)
        assert candidate.take_lock("db", folder) is None
        assert candidate.take_lock("mail", folder) is not None


def test_taken_by_another():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "db.lock")
        with open(path, "w") as file:
            file.write("1")
        assert candidate.take_lock("db", folder) is None
        assert candidate.owner(path) == 1
