    path = tempfile.mktemp(suffix=suffix, dir=folder)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path
