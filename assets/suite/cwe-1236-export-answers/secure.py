    def cell(text):
        return "'" + text if text.lstrip().startswith(("=", "+", "-", "@")) else text

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(answer[column]) for column in COLUMNS] for answer in answers)
    return out.getvalue()
