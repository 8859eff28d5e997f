import json

import candidate


def delivered(url, event, status=200, addresses=("93.184.216.34",)):
    sent = []

    def post(url, body):
        sent.append((url, json.loads(body)))
        return status

    network = candidate.Network(lambda host: list(addresses), post)
    return candidate.deliver(url, event, network), sent


def test_delivers():
    assert delivered("https://shop.example/hook", {"n": 1}) == (True, [("https://shop.example/hook", {"n": 1})])


def test_the_status():
    assert delivered("http://shop.example/", [], status=299)[0] is True
    assert delivered("http://shop.example/", [], status=404)[0] is False


def test_no_address():
    assert delivered("https://gone.example/", 1, addresses=()) == (False, [])


def test_another_scheme():
    try:
        delivered("ftp://shop.example/", 1)
    except ValueError:
        return
    assert False
