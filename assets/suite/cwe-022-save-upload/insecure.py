    if len(upload["content"]) > MAX_BYTES:
        raise ValueError("the file is too long")
    folder = os.path.join(media_root, user)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, upload["filename"])
    with open(path, "wb") as file:
        file.write(upload["content"])
    return path
