import candidate


def test_nothing_but_the_form_s_fields():
    user = candidate.User("eve")
    for form in [{"is_admin": "1"}, {"city": "Ulm", "is_admin": "yes", "credit": "900"}, {"__class__": "x"}]:
        try:
            candidate.update_profile(user, form)
        except Exception:
            pass
        assert user.is_admin is False and user.credit == 0, form
