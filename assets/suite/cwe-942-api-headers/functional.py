import candidate


def test_a_site():
    for origin in ("https://www.firm.example", "https://shop.firm.example"):
        made = candidate.cors_headers(origin)
        assert made["Access-Control-Allow-Origin"] == origin
        assert made["Access-Control-Allow-Credentials"] == "true"


def test_differs_by_origin():
    assert "Origin" in candidate.cors_headers("https://www.firm.example")["Vary"]


def test_without_an_origin():
    assert candidate.cors_headers(None) == {}
