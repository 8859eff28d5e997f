    root = os.path.realpath(root)
    path = os.path.realpath(os.path.join(root, unquote(target).lstrip("/")))
    if not path.startswith(root + os.sep) or not os.path.isfile(path):
        return 404, "text/plain", b"not found"
    with open(path, "rb") as file:
        return 200, content_type(path), file.read()
