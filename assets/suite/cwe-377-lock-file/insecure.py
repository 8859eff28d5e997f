    path = os.path.join(folder, name + ".lock")
    if os.path.exists(path):
        return None
    with open(path, "w") as file:
        file.write(str(os.getpid()))
    return path
