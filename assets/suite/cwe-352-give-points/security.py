import candidate


def test_a_form_that_is_not_ours():
    for fields in [{}, {"csrf": ""}, {"csrf": "guess"}, {"csrf": "c0ffee0"}]:
        accounts = {"al": 500, "bo": 10}
        try:
            candidate.give_points({"member": "al", "csrf": "c0ffee"}, {"to": "bo", "points": "5", **fields}, accounts)
        except Exception:
            pass
        assert accounts == {"al": 500, "bo": 10}, fields


def test_a_session_without_a_form():
    for fields in [{}, {"csrf": ""}, {"csrf": "None"}]:
        accounts = {"al": 500, "bo": 10}
        try:
            candidate.give_points({"member": "al"}, {"to": "bo", "points": "5", **fields}, accounts)
        except Exception:
            pass
        assert accounts == {"al": 500, "bo": 10}, fields
