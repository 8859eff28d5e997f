    result = subprocess.run(
        ["sort", "-d", "--", name_file], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return result.stdout.splitlines()
