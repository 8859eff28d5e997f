import os
import stat
import tempfile

import candidate


def test_nobody_else_may_read_it():
    candidate.os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder:
        path = str(candidate.write_draft("draft", folder))
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0


def test_follows_no_planted_link():
    with tempfile.TemporaryDirectory() as folder:
        first = str(candidate.write_draft("draft", folder))
        os.unlink(first)
        victim = os.path.join(folder, "victim")
        with open(victim, "w") as file:
            file.write("mine")
        os.symlink(victim, first)
        try:
            candidate.write_draft("draft", folder)
        except OSError:
            pass
        with open(victim) as file:
            assert file.read() == "mine"
