    result = subprocess.run([tool, "--text", caption, picture], capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{tool} ended with {result.returncode}")
    return result.stdout.strip()
