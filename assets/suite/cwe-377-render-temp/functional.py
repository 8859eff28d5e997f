import os
import tempfile

import candidate


def test_writes_the_text():
    with tempfile.TemporaryDirectory() as folder:
        path = str(candidate.write_draft("# Zoë\n", folder))
        assert os.path.dirname(path) == folder and path.endswith(".md")
        with open(path, encoding="utf-8") as file:
            assert file.read() == "# Zoë\n"


def test_the_suffix():
    with tempfile.TemporaryDirectory() as folder:
        assert str(candidate.write_draft("", folder, ".tex")).endswith(".tex")


def test_a_new_file_each_time():
    with tempfile.TemporaryDirectory() as folder:
        paths = {str(candidate.write_draft("same", folder)) for _ in range(5)}
        assert len(paths) == 5 and len(os.listdir(folder)) == 5
