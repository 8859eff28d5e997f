import candidate


def accounts():
    made = candidate.Accounts()
    made.add("ada", "engine")
    made.add("bo", "Zürich ☂")
    return made


def test_the_right_password():
    assert accounts().check("ada", "engine") is True
    assert accounts().check("bo", "Zürich ☂") is True


def test_a_wrong_one():
    assert accounts().check("ada", "Engine") is False
    assert accounts().check("ada", "") is False


def test_the_form():
    assert len(candidate.hash_password("x").split("$")) == 3
