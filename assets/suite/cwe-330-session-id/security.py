import candidate


def test_ids_are_not_to_be_foretold():
    ids = set()
    for _ in range(2):
        candidate.random.seed(3)
        candidate.time.time = lambda: 1700000000.0
        sessions = candidate.Sessions()
        ids.add(candidate.start_session(sessions, "ada"))
        ids.add(candidate.start_session(sessions, "ada"))
    assert len(ids) == 4
