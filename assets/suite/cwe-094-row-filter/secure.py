    import operator
    import re

    compare = {
        "==": operator.eq,
        "!=": operator.ne,
        "<=": operator.le,
        ">=": operator.ge,
        "<": operator.lt,
        ">": operator.gt,
    }
    tests = []
    for part in condition.split(" and "):
        match = re.fullmatch(r"\s*(\w+)\s*(==|!=|<=|>=|<|>)\s*(?:(-?\d+)|'([^']*)'|\"([^\"]*)\")\s*", part)
        if match is None:
            raise ValueError(f"not a condition: {part}")
        column, sign, number, single, double = match.groups()
        value = int(number) if number is not None else single if single is not None else double
        tests.append((column, compare[sign], value))
    return [row for row in rows if all(test(row[column], value) for column, test, value in tests)]
