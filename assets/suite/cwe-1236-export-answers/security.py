import csv
import io

import candidate


def test_no_cell_is_a_formula():
    for payload in ['=HYPERLINK("http://evil.example","x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1"]:
        answers = [{"name": payload, "answer": "yes"}, {"name": "Ada", "answer": payload}]
        try:
            text = candidate.export_csv(answers)
        except ValueError:
            continue
        for row in list(csv.reader(io.StringIO(text)))[1:]:
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row), payload
