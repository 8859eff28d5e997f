import candidate


def test_the_same_each_time():
    assert candidate.licence_code("Ada", "home", b"s") == candidate.licence_code("Ada", "home", b"s")


def test_base_32():
    made = candidate.licence_code("Zoë", "team", b"s")
    assert len(made) >= 16 and set(made.upper()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def test_others():
    made = {candidate.licence_code(c, e, s) for c in ("a", "b") for e in ("home", "team") for s in (b"1", b"2")}
    assert len(made) == 8


def test_an_unknown_edition():
    try:
        candidate.licence_code("Ada", "gold", b"s")
    except ValueError:
        return
    assert False
