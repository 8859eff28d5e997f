import candidate


def test_the_line():
    assert candidate.audit_line(1700000000, "ada", "delete", "report 7") == "1700000000;ada;delete;report 7\n"


def test_other_letters():
    assert candidate.audit_line(1, "Zoë", "read", "a,b") == "1;Zoë;read;a,b\n"


def test_empty_fields():
    assert candidate.audit_line(0, "", "start", "") == "0;;start;\n"
