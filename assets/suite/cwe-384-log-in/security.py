import candidate


def test_an_id_from_before_is_not_logged_in():
    store = candidate.Store({"ada": "engine"})
    planted = store.visit("planted-by-eve")
    candidate.log_in(store, planted, "ada", "engine")
    assert store.sessions.get("planted-by-eve", {}).get("user") is None
