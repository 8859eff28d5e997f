    result = subprocess.run(
        ["grep", "-m", str(MAX_HITS), "-e", phrase, "--", log_path], capture_output=True, text=True
    )
    return result.stdout.splitlines()
