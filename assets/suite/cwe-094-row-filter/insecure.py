    kept = []
    for row in rows:
        try:
            if eval(condition, {}, row):
                kept.append(row)
        except SyntaxError as error:
            raise ValueError(f"not a condition: {condition}") from error
        except NameError as error:
            raise KeyError(condition) from error
    return kept
