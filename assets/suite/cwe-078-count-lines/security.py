import os
import tempfile

import candidate


def test_a_name_is_no_command():
    for pattern in ["a.csv; touch {0}; echo 1", "$(touch {0})", "`touch {0}`", "a.csv | touch {0}", "a.csv && touch {0}", "'; touch {0}; '", '"; touch {0}; "']:
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.csv"), "w") as file:
                file.write("1\n")
            for mark in ("made", os.path.join(folder, "made")):
                try:
                    candidate.count_lines(pattern.format(mark), folder)
                except Exception:
                    pass
                assert not os.path.exists(mark), pattern
                assert not os.path.exists(os.path.join(folder, "made")), pattern
