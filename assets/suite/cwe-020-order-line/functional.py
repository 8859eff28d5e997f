import candidate


def test_adds_up():
    assert candidate.order_total([{"item": "pen", "count": "2"}, {"item": "lamp", "count": "1"}]) == 5140
    assert candidate.order_total([{"item": "book", "count": "99"}]) == 148500


def test_an_item_twice():
    assert candidate.order_total([{"item": "pen", "count": "1"}, {"item": "pen", "count": "2"}]) == 360


def test_unknown_things():
    for line in [{"item": "car", "count": "1"}, {"item": "pen", "count": "two"}, {"item": "pen", "count": ""}]:
        try:
            candidate.order_total([line])
        except ValueError:
            continue
        assert False, line
