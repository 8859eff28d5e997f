import candidate


def test_a_slow_method():
    assert candidate.hash_password("engine").split("$")[0] == "scrypt"


def test_a_salt_of_its_own():
    made = {candidate.hash_password("engine").split("$")[1] for _ in range(3)}
    assert len(made) == 3 and all(len(salt) >= 16 for salt in made)
