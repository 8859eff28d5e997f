    path = os.path.join(folder, filename)
    result = subprocess.run(f"wc -l {path}", shell=True, capture_output=True, text=True)
    if result.returncode != 0:
        raise FileNotFoundError(path)
    return int(result.stdout.split()[0])
