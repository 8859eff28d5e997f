    path = os.path.join(cookbook.shelf, where)
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()
