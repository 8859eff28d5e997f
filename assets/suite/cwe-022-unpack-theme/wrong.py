    count = 0
    with zipfile.ZipFile(zip_path) as archive:
        for info in archive.infolist():
            archive.extract(info, theme_dir)
            count += 1
            if on_file is not None:
                on_file(info.filename, info.file_size)
    return count
