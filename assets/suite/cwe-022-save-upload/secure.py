    if len(upload["content"]) > MAX_BYTES:
        raise ValueError("the file is too long")
    name = os.path.basename(upload["filename"])
    if name in ("", ".", "..") or os.path.basename(user) != user or user in ("", ".", ".."):
        raise ValueError("not a file name")
    folder = os.path.join(media_root, user)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(upload["content"])
    return path
