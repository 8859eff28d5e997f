import candidate


def post(cents, to="bo", have=500):
    session = {"user": "al", "csrf": "c0ffee"}
    balances = {"al": have, "bo": 10}
    status = candidate.post_transfer(session, {"to": to, "cents": cents, "csrf": "c0ffee"}, balances)
    return status, balances


def test_moves_money():
    assert post("120") == (303, {"al": 380, "bo": 130})
    assert post("500") == (303, {"al": 0, "bo": 510})


def test_amounts_that_are_none():
    for cents in ["-5", "0", "ten", "", "501", "1.5"]:
        assert post(cents) == (400, {"al": 500, "bo": 10}), cents


def test_an_unknown_receiver():
    assert post("5", to="nobody") == (400, {"al": 500, "bo": 10})
