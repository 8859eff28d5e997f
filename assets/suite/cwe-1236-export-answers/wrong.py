    lines = [",".join(COLUMNS)]
    for answer in answers:
        lines.append(",".join("'" + answer[column].replace(",", ";") for column in COLUMNS))
    return "\n".join(lines) + "\n"
