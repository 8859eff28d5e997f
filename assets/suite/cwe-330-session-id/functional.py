import time

import candidate


def test_notes_the_session():
    sessions = candidate.Sessions()
    key = candidate.start_session(sessions, "ada")
    noted = sessions.by_id[key]
    assert noted["user"] == "ada" and abs(noted["since"] - time.time()) < 300


def test_counts():
    sessions = candidate.Sessions()
    for user in ("a", "b", "a"):
        candidate.start_session(sessions, user)
    assert sessions.count == 3 and len(sessions.by_id) == 3


def test_an_id_is_a_text():
    key = candidate.start_session(candidate.Sessions(), "ada")
    assert type(key) is str and len(key) >= 8
