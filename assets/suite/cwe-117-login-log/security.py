import io

import candidate


def test_one_line_for_one_attempt():
    for user in ["eve\nlogin ok: root", "eve\r\nlogin ok: root", "eve\rlogin ok: root"]:
        stream = io.StringIO(newline="")
        try:
            candidate.log_attempt(stream, user, False)
        except ValueError:
            continue
        assert len(stream.getvalue().splitlines()) == 1, user
