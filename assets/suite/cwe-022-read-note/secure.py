    root = os.path.realpath(notebook.folder)
    path = os.path.realpath(os.path.join(root, name))
    if os.path.commonpath([root, path]) != root or not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()
