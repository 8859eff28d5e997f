import candidate


def logged_in(password):
    store = candidate.Store({"ada": "engine"})
    before = store.visit()
    store.sessions[before]["basket"]
    after = candidate.log_in(store, before, "ada", password)
    return store.sessions[after]


def test_the_right_password():
    assert logged_in("engine")["user"] == "ada"


def test_a_wrong_password():
    assert logged_in("motor")["user"] is None
    assert logged_in("")["user"] is None


def test_keeps_the_basket():
    store = candidate.Store({"ada": "engine"})
    store.sessions = {"s1": {"user": None, "basket": ["pen", "lamp"]}}
    after = candidate.log_in(store, "s1", "ada", "engine")
    assert store.sessions[after] == {"user": "ada", "basket": ["pen", "lamp"]}
