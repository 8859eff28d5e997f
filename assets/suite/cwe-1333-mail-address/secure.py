    pattern = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    return len(text) <= LONGEST and re.fullmatch(pattern, text) is not None
