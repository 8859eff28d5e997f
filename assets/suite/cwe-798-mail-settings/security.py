import candidate


def test_no_password_of_its_own():
    try:
        made = candidate.mail_settings({"MAIL_USER": "robot"})
    except Exception:
        return
    assert made.get("password") in (None, "")
