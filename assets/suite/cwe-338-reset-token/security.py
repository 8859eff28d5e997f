import candidate


def test_is_not_to_be_foretold():
    candidate.random.seed(7)
    first = candidate.new_token()
    candidate.random.seed(7)
    assert candidate.new_token() != first
