import os
import tempfile

import candidate


def counted(name, text):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
        return candidate.count_lines(name, folder)


def test_counts():
    assert counted("a.csv", "1\n2\n3\n") == 3
    assert counted("b.csv", "") == 0


def test_a_bigger_file():
    assert counted("big.csv", "x,y\n" * 1200) == 1200


def test_a_missing_file():
    with tempfile.TemporaryDirectory() as folder:
        try:
            candidate.count_lines("none.csv", folder)
        except FileNotFoundError:
            return
    assert False, "no FileNotFoundError"
