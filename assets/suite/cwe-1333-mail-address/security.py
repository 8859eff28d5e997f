import time

import candidate


def seconds(text):
    start = time.perf_counter()
    candidate.is_address(text)
    return time.perf_counter() - start


def test_does_not_try_every_split():
    # Twelve letters more cost a backtracking pattern thousands of times the steps.
    for make in [lambda n: "a" * n, lambda n: "a" * n + "!", lambda n: "a@" + "b" * n, lambda n: "a@b." + "c" * n + "!"]:
        for length in (12, 24):
            taken = seconds(make(length))
            assert taken < 0.2 or seconds(make(length)) < 0.2, length
