import candidate


def test_the_length():
    assert len(candidate.new_token()) == 32
    assert len(candidate.new_token(7)) == 7
    assert candidate.new_token(0) == ""


def test_the_letters():
    assert set(candidate.new_token(400)) <= set(candidate.ALPHABET)
    assert len(set(candidate.new_token(400))) > 30


def test_a_new_one_each_time():
    assert len({candidate.new_token() for _ in range(50)}) == 50
