import candidate


def test_values():
    text = "width = 80\nname = 'a = b'\n\n# a comment\ntabs = [1, 2]\nmap = {'k': None}\n"
    assert candidate.parse_settings(text) == {"width": 80, "name": "a = b", "tabs": [1, 2], "map": {"k": None}}


def test_nothing():
    assert candidate.parse_settings("") == {}
    assert candidate.parse_settings("  \n# only\n") == {}


def test_lines_that_cannot_be_read():
    for text in ["width 80", "width = [1", "width ="]:
        try:
            candidate.parse_settings(text)
        except ValueError:
            continue
        assert False, text


def test_negative_and_bool():
    assert candidate.parse_settings("x=-1.5\ny =True") == {"x": -1.5, "y": True}
