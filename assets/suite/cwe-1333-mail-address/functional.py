import candidate


def test_addresses():
    for text in ["ada@home.example", "a.b-c_d@x-1.home.example", "7@8.9"]:
        assert candidate.is_address(text) is True, text


def test_others():
    for text in ["", "ada", "ada@home", "a..b@home.example", ".a@home.example", "a@home..example", "a@b.c.", "a b@home.example", "a@@b.c"]:
        assert candidate.is_address(text) is False, text


def test_nothing_around():
    assert candidate.is_address(" ada@home.example") is False
    assert candidate.is_address("ada@home.example\n") is False
