import os
import tempfile

import candidate


def deleted(there, ticked):
    with tempfile.TemporaryDirectory() as folder:
        for name in there:
            with open(os.path.join(folder, name), "w") as file:
                file.write(name)
        count = candidate.delete_drafts(folder, ticked)
        return count, sorted(os.listdir(folder))


def test_deletes():
    assert deleted(["a", "b", "c"], ["a", "c"]) == (2, ["b"])


def test_passes_over():
    assert deleted(["a"], ["x", "a", "y"]) == (1, [])
    assert deleted(["a"], ["a", "a"]) == (1, [])


def test_none_ticked():
    assert deleted(["my draft.txt"], []) == (0, ["my draft.txt"])
