    target = os.path.join(store, name)
    os.mkdir(target)
    names = []
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        for member in archive:
            path = os.path.normpath(member.name)
            if os.path.isabs(path) or path.startswith("..") or not (member.isfile() or member.isdir()):
                raise ValueError(f"{member.name} has no place in a data set")
            if member.isfile():
                os.makedirs(os.path.dirname(os.path.join(target, path)), exist_ok=True)
                with open(os.path.join(target, path), "wb") as file:
                    file.write(archive.extractfile(member).read())
                names.append(path)
    return sorted(names)
