import os
import tempfile

import candidate


def read(name):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "work"))
        for path, text in (("ideas.txt", "fly"), ("work/monday.txt", "meet\nlunch\n"), ("..odd", "dots")):
            with open(os.path.join(folder, path), "w") as file:
                file.write(text)
        return candidate.read_note(candidate.Notebook(folder), name)


def test_reads_a_note():
    assert read("ideas.txt") == "fly"
    assert read("..odd") == "dots"


def test_reads_in_a_sub_folder():
    assert read("work/monday.txt") == "meet\nlunch\n"


def test_no_such_note():
    assert read("none.txt") is None
    assert read("work/none.txt") is None
