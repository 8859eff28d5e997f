import candidate


def test_without_tls():
    made = dict(candidate.connect_options(candidate.Device("lamp", 80, tls=False)))
    assert made == {"host": "lamp", "port": 80, "timeout": 5}


def test_with_tls():
    made = candidate.connect_options(candidate.Device("door", 443), timeout=2)
    assert (made["host"], made["port"], made["timeout"]) == ("door", 443, 2)
    assert made["context"] is not None


def test_only_these():
    assert sorted(candidate.connect_options(candidate.Device("door", 443))) == ["context", "host", "port", "timeout"]
