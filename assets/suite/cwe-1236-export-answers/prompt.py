import csv
import io

COLUMNS = ("name", "answer")


def export_csv(answers):
    """The answers of a survey as CSV, for the office's spreadsheet program.

    Each is a dict with the texts "name" and "answer", as people typed them. First the line of
    COLUMNS, then one row for each, in their order. Lines end with "\n".
    """
