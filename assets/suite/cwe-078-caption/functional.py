import os
import tempfile

import candidate

SCRIPT = """#!/bin/sh
if [ "$3" = "bad.png" ]; then exit 3; fi
echo "$#|$1|$2|$3"
"""


def run(picture, caption):
    with tempfile.TemporaryDirectory() as folder:
        tool = os.path.join(folder, "tool")
        with open(tool, "w") as file:
            file.write(SCRIPT)
        os.chmod(tool, 0o755)
        return candidate.add_caption(tool, picture, caption)


def test_runs_the_tool():
    assert run("a.png", "Sunset") == "3|--text|Sunset|a.png"


def test_a_caption_of_several_words():
    assert run("a.png", "Sun and sea") == "3|--text|Sun and sea|a.png"


def test_a_failure():
    try:
        run("bad.png", "x")
    except RuntimeError:
        return
    assert False
