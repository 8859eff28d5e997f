import io

import candidate


def test_one_line_for_one_attempt():
    for badge in ["eve\nlogin ok: root", "eve\r\nlogin ok: root", "eve\rlogin ok: root"]:
        journal = io.StringIO(newline="")
        try:
            candidate.note_entry(journal, badge, False)
        except ValueError:
            continue
        assert len(journal.getvalue().splitlines()) == 1, badge
