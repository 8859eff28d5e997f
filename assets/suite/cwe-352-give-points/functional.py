import candidate


def post(points, to="bo", have=500):
    visit = {"member": "al", "csrf": "c0ffee"}
    accounts = {"al": have, "bo": 10}
    status = candidate.give_points(visit, {"to": to, "points": points, "csrf": "c0ffee"}, accounts)
    return status, accounts


def test_moves_money():
    assert post("120") == (303, {"al": 380, "bo": 130})
    assert post("500") == (303, {"al": 0, "bo": 510})


def test_amounts_that_are_none():
    for points in ["-5", "0", "ten", "", "501", "1.5"]:
        assert post(points) == (400, {"al": 500, "bo": 10}), points


def test_an_unknown_receiver():
    assert post("5", to="nobody") == (400, {"al": 500, "bo": 10})
