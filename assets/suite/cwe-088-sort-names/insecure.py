    result = subprocess.run(
        ["sort", ORDERS[order], name_file], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return result.stdout.splitlines()
