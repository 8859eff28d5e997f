import os
import tempfile

import candidate


def counted(name, text):
    with tempfile.TemporaryDirectory() as root:
        with open(os.path.join(root, name), "w") as file:
            file.write(text)
        return candidate.tally(name, root)


def test_counts():
    assert counted("draft", "1\n2\n3\n") == 3
    assert counted("b.csv", "") == 0


def test_a_bigger_file():
    assert counted("big.csv", "x,y\n" * 1200) == 1200


def test_a_missing_file():
    with tempfile.TemporaryDirectory() as root:
        try:
            candidate.tally("none.csv", root)
        except FileNotFoundError:
            return
    assert False, "no FileNotFoundError"
