import candidate


def test_a_port():
    assert tuple(candidate.parse_listen("8080")) == ("127.0.0.1", 8080)


def test_a_host():
    assert tuple(candidate.parse_listen("web-1.firm.example:80")) == ("web-1.firm.example", 80)
    assert tuple(candidate.parse_listen("10.0.0.2:65535")) == ("10.0.0.2", 65535)


def test_neither():
    for text in ["", "web", "web:", "web:http", ":"]:
        try:
            candidate.parse_listen(text)
        except ValueError:
            continue
        assert False, text
