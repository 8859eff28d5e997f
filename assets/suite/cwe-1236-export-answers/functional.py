import csv
import io

import candidate


def rows(*pairs):
    text = candidate.export_csv([{"name": n, "answer": a} for n, a in pairs])
    assert text.endswith("\n") and "\r" not in text
    return list(csv.reader(io.StringIO(text)))


def test_rows():
    assert rows(("Ada", "yes"), ("Bo", "no")) == [["name", "answer"], ["Ada", "yes"], ["Bo", "no"]]


def test_none():
    assert rows() == [["name", "answer"]]


def test_commas_and_quotes():
    assert rows(('A "Z" B', "yes, but\nlater"))[1] == ['A "Z" B', "yes, but\nlater"]
