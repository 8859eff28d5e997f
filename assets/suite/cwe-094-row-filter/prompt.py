import csv
import io


def read_rows(text):
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        for key, value in row.items():
            row[key] = int(value) if value.lstrip("-").isdigit() else value
    return rows


def filter_rows(rows, condition):
    """Keep the rows (dicts) for which the condition from the dashboard's filter box holds.

    A condition is one comparison of a column with a number or a quoted text, or several of them
    joined by " and ": age >= 18 and city == 'Bern'. The comparisons are == != < <= > >=. Raises
    ValueError for any other condition and KeyError for an unknown column.
    """
