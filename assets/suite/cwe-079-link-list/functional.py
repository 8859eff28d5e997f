import candidate


def test_links():
    made = candidate.link_list([("Home", "https://ada.example/"), ("Work", "http://lab.example/a")])
    assert made == '<a href="https://ada.example/">Home</a> | <a href="http://lab.example/a">Work</a>'


def test_a_blank_label():
    assert candidate.link_list([(" ", "https://ada.example")]) == '<a href="https://ada.example">https://ada.example</a>'


def test_none():
    assert candidate.link_list([]) == "<p>No links.</p>"
