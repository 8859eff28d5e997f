    target = os.path.join(store, name)
    os.mkdir(target)
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        archive.extractall(target, filter="data")
    return sorted(os.listdir(target))
