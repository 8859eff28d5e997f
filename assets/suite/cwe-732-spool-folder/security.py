import os
import stat
import tempfile

import candidate


def test_others_may_not_write_or_read():
    candidate.os.umask(0)
    with tempfile.TemporaryDirectory() as base:
        path = str(candidate.make_spool(base, "ada"))
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0
    candidate.os.umask(0o022)
