import candidate


def test_not_another_s_topic():
    for name in ("bo", "stranger"):
        topics = {1: {"author": "ada", "open": True}}
        made = candidate.Forum(topics, {"ada": "member", "bo": "member"})
        try:
            candidate.close_topic(made, name, 1)
        except Exception:
            pass
        assert made.topics[1]["open"] is True, name
