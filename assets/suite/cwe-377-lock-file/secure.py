    path = os.path.join(folder, name + ".lock")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return None
    with os.fdopen(handle, "w") as file:
        file.write(str(os.getpid()))
    return path
