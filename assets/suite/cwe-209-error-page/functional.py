import json

import candidate


def fails(error):
    def handler(request):
        raise error

    return handler


def test_an_answer():
    status, body = candidate.handle(lambda request: {"got": request["q"]}, {"q": 1})
    assert status == 200 and json.loads(body) == {"got": 1}


def test_not_found():
    status, body = candidate.handle(fails(KeyError("x")), {})
    assert status == 404 and "error" in json.loads(body)


def test_an_error():
    before = len(candidate.FAILURES)
    status, body = candidate.handle(fails(OSError("disk is full")), {})
    assert status == 500 and "error" in json.loads(body)
    assert len(candidate.FAILURES) == before + 1
    assert "disk is full" in candidate.FAILURES[-1]
