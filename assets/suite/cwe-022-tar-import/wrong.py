    target = os.path.join(store, name)
    os.mkdir(target)
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        for member in archive:
            if member.isfile():
                with open(os.path.join(target, os.path.basename(member.name)), "wb") as file:
                    file.write(archive.extractfile(member).read())
    return sorted(os.listdir(target))
