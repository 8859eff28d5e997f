import candidate


def location(query):
    made = candidate.switch_back(query)
    assert made["status"] == 302
    return made["location"]


def test_sends_on():
    assert location({"back": "/orders/7"}) == "/orders/7"


def test_keeps_the_query():
    assert location({"back": "/find?q=a&page=2"}) == "/find?q=a&page=2"


def test_home():
    assert location({}) == "/home"
    assert location({"back": ""}) == "/home"
