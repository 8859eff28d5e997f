    root = os.path.realpath(cookbook.shelf)
    path = os.path.realpath(os.path.join(root, where))
    if os.path.commonpath([root, path]) != root or not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()
