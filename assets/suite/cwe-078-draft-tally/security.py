import os
import tempfile

import candidate


def test_a_name_is_no_command():
    for pattern in ["draft; touch {0}; echo 1", "$(touch {0})", "`touch {0}`", "draft | touch {0}", "draft && touch {0}", "'; touch {0}; '", '"; touch {0}; "']:
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "draft"), "w") as file:
                file.write("1\n")
            for mark in ("made", os.path.join(root, "made")):
                try:
                    candidate.tally(pattern.format(mark), root)
                except Exception:
                    pass
                assert not os.path.exists(mark), pattern
                assert not os.path.exists(os.path.join(root, "made")), pattern
