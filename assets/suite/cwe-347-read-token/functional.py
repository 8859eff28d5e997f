import candidate


def test_there_and_back():
    token = candidate.make_token({"user": "ada", "exp": 200}, b"key")
    assert candidate.read_token(token, b"key", 100) == {"user": "ada", "exp": 200}


def test_the_time():
    token = candidate.make_token({"user": "ada", "exp": 200}, b"key")
    assert candidate.read_token(token, b"key", 199) is not None
    assert candidate.read_token(token, b"key", 200) is None


def test_without_a_time():
    assert candidate.read_token(candidate.make_token({"user": "bo"}, b"k"), b"k", 10**10) == {"user": "bo"}


def test_no_token():
    for token in ["", "a.b", "....", "x.y.z"]:
        assert candidate.read_token(token, b"key", 0) is None, token
