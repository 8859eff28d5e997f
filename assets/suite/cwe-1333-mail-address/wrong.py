    pattern = r"[\w.-]+@[\w.-]+\.\w+"
    return len(text) <= LONGEST and re.match(pattern, text) is not None
