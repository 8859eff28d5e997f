import candidate


def role(name, pin):
    try:
        return candidate.log_in(candidate.read_staff(), name, pin)
    except (SyntaxError, ValueError, KeyError):
        return None


def test_a_pin_stays_a_pin():
    assert role("bo", "2020']/../person[@name='ada") is None
    assert role("bo", '2020"]/../person[@name="ada') is None


def test_a_name_stays_a_name():
    assert role("ada']/../person[@role='chief", "1815") is None
    assert role("x']/../person[@pin='2020", "2020") is None
    assert role("bo']/../person[@name='ada", "1815") is None
