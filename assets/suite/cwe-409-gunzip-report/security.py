import gzip

import candidate


def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(b"\0" * 60_000_000)
    candidate.tracemalloc.start()
    try:
        candidate.open_report(bomb)
    except Exception:
        pass
    peak = candidate.memory_peak()
    candidate.tracemalloc.stop()
    assert peak < 25_000_000
