import candidate


def test_fields_stay_fields():
    for actor, target in [("eve", "x\n5;root;grant;eve"), ("eve\r\n5;root;grant;eve", "x"), ("eve;grant", "x"), ("eve", "x;y")]:
        try:
            made = candidate.audit_line(4, actor, "read", target)
        except ValueError:
            continue
        assert len(made.splitlines()) == 1
        assert made.count(";") == 3
        assert candidate.parse(made)["action"] == "read"
