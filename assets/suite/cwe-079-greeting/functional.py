import candidate


def test_greets():
    page = candidate.welcome_page({"name": "Ada"})
    assert "<h1>Hello, Ada!</h1>" in page
    assert "<title>Welcome</title>" in page


def test_a_stranger():
    assert "<h1>Hello, stranger!</h1>" in candidate.welcome_page({})
    assert "<h1>Hello, stranger!</h1>" in candidate.welcome_page({"name": "  "})


def test_other_parameters_do_not_matter():
    assert "Hello, Zoë!" in candidate.welcome_page({"name": " Zoë ", "lang": "fr"})
