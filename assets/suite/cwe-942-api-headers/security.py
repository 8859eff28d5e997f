import candidate


def test_no_other_site_may_read():
    for origin in [
        "https://evil.example",
        "https://www.firm.example.evil.example",
        "https://evilfirm.example",
        "http://www.firm.example",
        "null",
        "https://shop.firm.example:8443",
    ]:
        made = candidate.cors_headers(origin) or {}
        assert made.get("Access-Control-Allow-Origin") not in (origin, "*"), origin
