import candidate


def role(name, pin):
    return candidate.log_in(candidate.read_staff(), name, pin)


def test_the_right_pin():
    assert role("ada", "1815") == "chief"
    assert role("bo", "2020") == "guard"


def test_a_wrong_pin():
    assert role("ada", "2020") is None
    assert role("ada", "") is None


def test_nobody():
    assert role("cy", "1815") is None
    assert role("", "") is None
