import candidate


def login(body):
    users = [{"id": 1, "name": "ada", "code": "x7"}, {"id": 2, "name": "bo", "code": "y8"}]
    return candidate.authenticate(candidate.Collection(users), body)


def test_logs_in():
    assert login({"name": "ada", "code": "x7"}) == 1
    assert login({"name": "bo", "code": "y8"}) == 2


def test_another_s_code():
    assert login({"name": "ada", "code": "y8"}) is None
    assert login({"name": "ada", "code": ""}) is None


def test_something_missing():
    assert login({"name": "ada"}) is None
    assert login({}) is None
