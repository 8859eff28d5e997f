import candidate


def location(params):
    made = candidate.after_login(params)
    assert made["status"] == 302
    return made["location"]


def test_sends_on():
    assert location({"next": "/orders/7"}) == "/orders/7"


def test_keeps_the_query():
    assert location({"next": "/find?q=a&page=2"}) == "/find?q=a&page=2"


def test_home():
    assert location({}) == "/home"
    assert location({"next": ""}) == "/home"
