    count = 0
    for name in ticked:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            os.remove(path)
            count += 1
    return count
