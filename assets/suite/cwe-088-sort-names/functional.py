import os
import tempfile

import candidate


def sorted_lines(text, *order):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "names.txt")
        with open(path, "w") as file:
            file.write(text)
        return list(candidate.sort_names(path, *order))


def test_by_name():
    assert sorted_lines("cat\nant\nbee\n") == ["ant", "bee", "cat"]


def test_by_number():
    assert sorted_lines("10\n9\n100\n", "number") == ["9", "10", "100"]


def test_by_version_and_empty():
    assert sorted_lines("v1.10\nv1.9\n", "version") == ["v1.9", "v1.10"]
    assert sorted_lines("") == []
