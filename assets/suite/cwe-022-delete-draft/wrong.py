    there = set(os.listdir(folder))
    for name in ticked:
        if name in there and os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    return len(ticked)
