import candidate


def test_the_length():
    assert len(candidate.draw_code()) == 32
    assert len(candidate.draw_code(7)) == 7
    assert candidate.draw_code(0) == ""


def test_the_letters():
    assert set(candidate.draw_code(400)) <= set(candidate.SIGNS)
    assert len(set(candidate.draw_code(400))) > 30


def test_a_new_one_each_time():
    assert len({candidate.draw_code() for _ in range(50)}) == 50
