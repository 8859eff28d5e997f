import candidate


class Endless:
    """A sender that never stops; it notes the most that was asked of it."""

    def __init__(self):
        self.given = 0

    def read(self, count=-1):
        if count is None or count < 0 or self.given > 1_000_000:
            self.given = float("inf")
            return b""
        piece = min(count, 65536)
        self.given += piece
        return b"x" * piece


def test_reads_no_more_than_a_body():
    for length in ["900000", "-1", "999999999999"]:
        stream = Endless()
        try:
            candidate.read_body({"Content-Length": length}, stream)
        except Exception:
            pass
        assert stream.given <= 2 * 65536, length
