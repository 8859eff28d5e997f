import candidate


def config():
    return {"admins": {"ada": candidate.digest("engine"), "bo": candidate.digest("")}}


def test_an_administrator():
    assert candidate.is_admin(config(), "ada", "engine") is True


def test_a_wrong_password():
    assert candidate.is_admin(config(), "ada", "Engine") is False
    assert candidate.is_admin(config(), "ada", "") is False


def test_nobody():
    assert candidate.is_admin(config(), "cy", "engine") is False
    assert candidate.is_admin({"admins": {}}, "ada", "engine") is False
