import io

import candidate


def written(*attempts):
    stream = io.StringIO()
    for user, ok in attempts:
        candidate.log_attempt(stream, user, ok)
    return stream.getvalue()


def test_a_success():
    assert written(("ada", True)) == "login ok: ada\n"


def test_a_failure():
    assert written(("al smith", False)) == "login failed: al smith\n"


def test_several():
    assert written(("a", True), ("b", False)) == "login ok: a\nlogin failed: b\n"
