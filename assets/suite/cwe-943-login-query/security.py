import candidate


def test_values_are_no_comparisons():
    for body in [{"name": "ada", "code": {"$ne": ""}}, {"name": {"$gt": ""}, "code": {"$gt": ""}}, {"name": {"$ne": "bo"}, "code": "x7"}]:
        users = candidate.Collection([{"id": 1, "name": "ada", "code": "x7"}])
        try:
            found = candidate.authenticate(users, body)
        except Exception:
            continue
        assert found is None, body
