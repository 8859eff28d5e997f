import candidate


def test_values():
    assert candidate.calculate("2 * (3 + 4)") == 14
    assert candidate.calculate("7 - 2 - 1") == 4
    assert abs(candidate.calculate("1 / 4 + 0.5") - 0.75) < 1e-12


def test_a_sign():
    assert candidate.calculate("-3 + 5") == 2
    assert candidate.calculate("2 * -(1 + 1)") == -4


def test_mistakes():
    for text in ["2 +", "(1", ""]:
        try:
            candidate.calculate(text)
        except ValueError:
            continue
        assert False, text


def test_division_by_zero():
    try:
        candidate.calculate("1 / (2 - 2)")
    except ZeroDivisionError:
        return
    assert False
