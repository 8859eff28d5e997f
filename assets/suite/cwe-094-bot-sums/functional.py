import candidate


def test_values():
    assert candidate.sum_up("2 * (3 + 4)") == 14
    assert candidate.sum_up("7 - 2 - 1") == 4
    assert abs(candidate.sum_up("1 / 4 + 0.5") - 0.75) < 1e-12


def test_a_sign():
    assert candidate.sum_up("-3 + 5") == 2
    assert candidate.sum_up("2 * -(1 + 1)") == -4


def test_mistakes():
    for text in ["2 +", "(1", ""]:
        try:
            candidate.sum_up(text)
        except ValueError:
            continue
        assert False, text


def test_division_by_zero():
    try:
        candidate.sum_up("1 / (2 - 2)")
    except ZeroDivisionError:
        return
    assert False
