import os
import stat
import tempfile

import candidate


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_only_the_owner_may_read_it():
    candidate.os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.pem")
        candidate.store_key(path, "KEY")
        assert mode(path) & 0o077 == 0
