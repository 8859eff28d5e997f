import candidate


def test_the_line():
    assert candidate.cookie_header("en") == "Set-Cookie: lang=en; Path=/; Max-Age=31536000\r\n"


def test_a_region():
    assert candidate.cookie_header("pt-BR").startswith("Set-Cookie: lang=pt-BR; Path=/")


def test_one_line_end():
    made = candidate.cookie_header("fr")
    assert made.endswith("Max-Age=31536000\r\n") and made.count("\n") == 1
