import candidate


def test_counts_out_of_range():
    for count in ["-1", "0", "-0", "100", "1000000000000"]:
        lines = [{"item": "lamp", "count": "1"}, {"item": "book", "count": count}]
        try:
            candidate.order_total(lines)
        except ValueError:
            continue
        assert False, count
