    result = subprocess.run(
        ["grep", "-F", "-m", str(MAX_HITS), "-e", phrase, "--", log_path],
        capture_output=True,
        text=True,
    )
    return result.stdout.splitlines()
