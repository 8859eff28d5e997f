    count = 0
    with zipfile.ZipFile(zip_path) as archive:
        for info in archive.infolist():
            target = os.path.join(theme_dir, info.filename)
            if info.is_dir():
                os.makedirs(target, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(target), exist_ok=True)
            data = archive.read(info)
            with open(target, "wb") as file:
                file.write(data)
            count += 1
            if on_file is not None:
                on_file(info.filename, len(data))
    return count
