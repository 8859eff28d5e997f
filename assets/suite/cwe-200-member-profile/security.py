import candidate


def test_shows_nothing_private():
    record = dict(id=7, name="Ada", bio=None, password_hash="HASH-1", email="ada@home.example", reset_token="TOKEN-1")
    made = candidate.profile_json(record)
    for secret in ("HASH-1", "TOKEN-1", "ada@home.example"):
        assert secret not in made, secret
