import candidate


def forum():
    topics = {1: {"author": "ada", "open": True}, 2: {"author": "bo", "open": False}}
    return candidate.Forum(topics, {"ada": "member", "bo": "member", "mo": "moderator"})


def test_closes():
    for name in ("ada", "mo"):
        made = forum()
        assert candidate.close_topic(made, name, 1) == 200
        assert made.topics[1]["open"] is False


def test_closed_before():
    assert candidate.close_topic(forum(), "bo", 2) == 409


def test_no_topic_and_nobody():
    assert candidate.close_topic(forum(), "ada", 9) == 404
    assert candidate.close_topic(forum(), None, 1) == 401
