    return re.fullmatch(r"[0-9, ]+", value) is not None
