import candidate


def stock(deliveries, before=()):
    conn = candidate.connect(":memory:")
    for article, pieces in before:
        conn.execute("INSERT INTO stock VALUES (?, ?)", (article, pieces))
    total = candidate.restock(conn, deliveries)
    return total, dict(conn.execute("SELECT article, pieces FROM stock").fetchall())


def test_new_articles():
    assert stock(["bolt=5", "nut=7"]) == (12, {"bolt": 5, "nut": 7})


def test_adds_to_what_is_there():
    assert stock(["bolt=5", "", "bolt=1"], [("bolt", 10), ("nut", 2)]) == (6, {"bolt": 16, "nut": 2})


def test_nothing():
    assert stock([]) == (0, {})


def test_no_number():
    try:
        stock(["bolt=many"])
    except ValueError:
        return
    assert False
