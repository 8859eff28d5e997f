    target = os.path.join(store, name)
    os.mkdir(target)
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        archive.extractall(target, filter="data")
    names = []
    for folder, _, files in os.walk(target):
        names += [os.path.relpath(os.path.join(folder, file), target) for file in files]
    return sorted(names)
