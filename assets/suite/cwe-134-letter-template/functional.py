import candidate


def filled(template):
    return candidate.fill_letter(template, candidate.Customer("Ada", "Rome"))


def test_fills_in():
    assert filled("Dear {customer.name} of {customer.city},") == "Dear Ada of Rome,"
    assert filled("{customer.name}{customer.name}") == "AdaAda"


def test_no_fields():
    assert filled("Hello") == "Hello"
    assert filled("") == ""


def test_other_fields():
    for template in ["{owner}", "{customer.age}"]:
        try:
            filled(template)
        except ValueError:
            continue
        assert False, template
