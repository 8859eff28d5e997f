import candidate


def test_a_uid():
    assert candidate.person_filter("ada") == "(&(objectClass=person)(uid=ada))"


def test_a_department():
    assert candidate.person_filter("ada", "lab") == "(&(objectClass=person)(uid=ada)(department=lab))"


def test_harmless_signs():
    assert candidate.person_filter("ada.l-1", "R and D") == "(&(objectClass=person)(uid=ada.l-1)(department=R and D))"
