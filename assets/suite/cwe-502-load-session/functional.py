import candidate


def test_there_and_back():
    session = {"user": "ada", "cart": [1, 2], "dark": True}
    assert candidate.load_session(candidate.dump_session(session)) == session


def test_no_session():
    for cookie in ["", "????", "bm90IGpzb24="]:
        assert candidate.load_session(cookie) == {}, cookie


def test_other_json_is_no_session():
    assert candidate.load_session(candidate.dump_session([1, 2])) == {}
