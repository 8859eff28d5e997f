import os
import tempfile

import candidate


def test_deletes_nothing_elsewhere():
    for make in [lambda top: "../keep", lambda top: os.path.join(top, "keep"), lambda top: "../other/keep", lambda top: "../drafts/../keep"]:
        with tempfile.TemporaryDirectory() as top:
            for folder in ("drafts", "other"):
                os.mkdir(os.path.join(top, folder))
            kept = [os.path.join(top, "keep"), os.path.join(top, "other", "keep")]
            for path in kept:
                with open(path, "w") as file:
                    file.write("x")
            try:
                candidate.delete_drafts(os.path.join(top, "drafts"), [make(top)])
            except Exception:
                pass
            assert all(os.path.exists(path) for path in kept), make("TOP")
