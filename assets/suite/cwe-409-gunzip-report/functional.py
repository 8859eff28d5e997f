import gzip

import candidate


def test_unpacks():
    assert candidate.open_report(candidate.pack("wind 7, Zoë")) == "wind 7, Zoë"
    assert candidate.open_report(candidate.pack("")) == ""


def test_the_longest():
    assert len(candidate.open_report(gzip.compress(b"x" * 1_000_000))) == 1_000_000


def test_what_is_no_report():
    for blob in [b"plain text", b"", gzip.compress(b"x" * 1_000_001)]:
        try:
            candidate.open_report(blob)
        except ValueError:
            continue
        assert False, blob[:20]
