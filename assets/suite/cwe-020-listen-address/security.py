import candidate


def test_ports_that_are_none():
    for text in ["65536", "web:99999999999", "-1", "web:-80", "web:8_0", "web:+80"]:
        try:
            candidate.parse_listen(text)
        except ValueError:
            continue
        assert False, text


def test_hosts_that_are_none():
    for text in ["we b:80", "web;reboot:80", "web\n:80", "../web:80", "$(id):80"]:
        try:
            candidate.parse_listen(text)
        except ValueError:
            continue
        assert False, text
