import candidate


def test_is_not_to_be_foretold():
    candidate.random.seed(7)
    first = candidate.draw_code()
    candidate.random.seed(7)
    assert candidate.draw_code() != first
