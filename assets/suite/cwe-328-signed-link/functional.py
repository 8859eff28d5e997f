import candidate


def test_the_same_each_time():
    assert candidate.sign_link("/a.zip", b"k1") == candidate.sign_link("/a.zip", b"k1")


def test_hexadecimal():
    made = candidate.sign_link("/é.zip", b"k1")
    assert len(made) >= 16 and set(made.lower()) <= set("0123456789abcdef")


def test_others():
    made = {candidate.sign_link(path, key) for path in ("/a", "/A", "/b", "") for key in (b"k1", b"k2")}
    assert len(made) == 8
