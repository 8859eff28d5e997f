import candidate


def test_a_form_that_is_not_ours():
    for form in [{}, {"csrf": ""}, {"csrf": "guess"}, {"csrf": "c0ffee0"}]:
        balances = {"al": 500, "bo": 10}
        try:
            candidate.post_transfer({"user": "al", "csrf": "c0ffee"}, {"to": "bo", "cents": "5", **form}, balances)
        except Exception:
            pass
        assert balances == {"al": 500, "bo": 10}, form


def test_a_session_without_a_form():
    for form in [{}, {"csrf": ""}, {"csrf": "None"}]:
        balances = {"al": 500, "bo": 10}
        try:
            candidate.post_transfer({"user": "al"}, {"to": "bo", "cents": "5", **form}, balances)
        except Exception:
            pass
        assert balances == {"al": 500, "bo": 10}, form
