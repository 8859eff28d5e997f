    if len(upload["content"]) >= MAX_BYTES:
        raise ValueError("the file is too long")
    name = os.path.basename(upload["filename"])
    folder = os.path.join(media_root, os.path.basename(user))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "ab") as file:
        file.write(upload["content"])
    return path
