    there = {entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)}
    doomed = there & set(ticked)
    for name in doomed:
        os.remove(os.path.join(folder, name))
    return len(doomed)
