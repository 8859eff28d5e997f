    column, sign, value = condition.split(None, 2)
    value = value.strip("'\"")
    kept = []
    for row in rows:
        found = str(row[column])
        if (sign == "==" and found == value) or (sign == "!=" and found != value):
            kept.append(row)
        if (sign in (">", ">=") and found > value) or (sign in ("<", "<=") and found < value):
            kept.append(row)
    return kept
