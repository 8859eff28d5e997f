import candidate


def got(number, customer="c1"):
    invoices = {7: {"customer": "c1", "cents": 990, "paid": False}, 8: {"customer": "c2", "cents": 5, "paid": True}}
    status, body = candidate.get_invoice(candidate.Shop(invoices), {"customer": customer}, number)
    return status, body


def test_an_invoice():
    assert got("7") == (200, {"number": 7, "cents": 990, "paid": False})
    assert got("8", "c2") == (200, {"number": 8, "cents": 5, "paid": True})


def test_no_invoice():
    assert got("9") == (404, None)


def test_no_number():
    assert got("seven") == (404, None)
    assert got("") == (404, None)
