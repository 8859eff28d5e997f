import candidate


def test_lists():
    for value in ["1", "1,2", " 1, 20 ,3 ", "0007"]:
        assert candidate.is_list(value) is True, value


def test_others():
    for value in ["", " ", "1,,2", "1,", ",1", "1 2", "a", "1;2", "1,b"]:
        assert candidate.is_list(value) is False, value


def test_nothing_around():
    assert candidate.is_list("[1,2]") is False
    assert candidate.is_list("1,2\n") is False
