import candidate


def test_takes_over():
    user = candidate.User("ada")
    assert candidate.update_profile(user, {"city": "Rome", "language": "it"}) == 2
    assert (user.name, user.city, user.language) == ("ada", "Rome", "it")


def test_counts_changes_only():
    user = candidate.User("ada")
    assert candidate.update_profile(user, {"name": "ada", "city": "Ulm"}) == 1
    assert candidate.update_profile(user, {}) == 0


def test_a_blank_name():
    user = candidate.User("ada")
    try:
        candidate.update_profile(user, {"city": "Rome", "name": "  "})
    except ValueError:
        assert (user.name, user.city) == ("ada", "")
        return
    assert False
