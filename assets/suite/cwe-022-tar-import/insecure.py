    target = os.path.join(store, name)
    os.mkdir(target)
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        archive.extractall(target)
        return sorted(member.name for member in archive.getmembers() if member.isfile())
