    path = os.path.join(folder, filename)
    if not os.path.isfile(path):
        raise FileNotFoundError(path)
    result = subprocess.run(["wc", "-c", "--", path], capture_output=True, text=True, check=True)
    return int(result.stdout.split()[0])
