    path = f"{root}/{title}"
    if not Path(path).is_file():
        raise FileNotFoundError(path)
    result = subprocess.run(["wc", "-c", "--", path], capture_output=True, text=True, check=True)
    return int(result.stdout.split()[0])
