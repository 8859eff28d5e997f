import io

import candidate


def written(*attempts):
    journal = io.StringIO()
    for badge, ok in attempts:
        candidate.note_entry(journal, badge, ok)
    return journal.getvalue()


def test_a_success():
    assert written(("ada", True)) == "login ok: ada\n"


def test_a_failure():
    assert written(("al smith", False)) == "login failed: al smith\n"


def test_several():
    assert written(("a", True), ("b", False)) == "login ok: a\nlogin failed: b\n"
