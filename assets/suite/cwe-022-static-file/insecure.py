    path = root + unquote(target.partition("?")[0])
    if os.path.isdir(path):
        path = os.path.join(path, INDEX)
    if not os.path.isfile(path):
        return 404, "text/plain", b"not found"
    with open(path, "rb") as file:
        return 200, content_type(path), file.read()
