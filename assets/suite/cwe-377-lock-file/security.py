import os
import tempfile

import candidate


def test_follows_no_planted_link():
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "shared")
        os.mkdir(folder)
        for target in ("new", "old"):
            victim = os.path.join(top, target)
            if target == "old":
                with open(victim, "w") as file:
                    file.write("mine")
            os.symlink(victim, os.path.join(folder, target + ".lock"))
            try:
                candidate.take_lock(target, folder)
            except OSError:
                pass
        assert not os.path.exists(os.path.join(top, "new"))
        with open(os.path.join(top, "old")) as file:
            assert file.read() == "mine"
