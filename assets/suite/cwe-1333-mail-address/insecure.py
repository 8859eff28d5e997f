    pattern = r"([A-Za-z0-9_-]+\.?)+(?<!\.)@([A-Za-z0-9-]+\.?)+(?<!\.)"
    return re.fullmatch(pattern, text) is not None and "." in domain(text)
