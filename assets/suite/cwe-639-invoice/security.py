import candidate


def test_not_another_s():
    invoices = {7: {"customer": "c1", "cents": 990, "paid": False}}
    for session in [{"customer": "c2"}, {}]:
        try:
            status, body = candidate.get_invoice(candidate.Shop(invoices), session, "7")
        except Exception:
            continue
        assert status != 200 and "990" not in str(body), session
