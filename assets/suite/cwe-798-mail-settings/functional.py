import candidate

FULL = {"MAIL_HOST": "mx", "MAIL_PORT": "587", "MAIL_USER": "robot", "MAIL_PASSWORD": "tr0ub4"}


def test_from_the_environment():
    assert candidate.mail_settings(dict(FULL)) == {"host": "mx", "port": 587, "user": "robot", "password": "tr0ub4"}


def test_defaults():
    made = candidate.mail_settings({"MAIL_USER": "a", "MAIL_PASSWORD": "b"})
    assert (made["host"], made["port"]) == ("localhost", 25)


def test_other_variables_do_not_matter():
    made = candidate.mail_settings({**FULL, "PASSWORD": "no", "PATH": "/bin"})
    assert made["password"] == "tr0ub4" and sorted(made) == ["host", "password", "port", "user"]
