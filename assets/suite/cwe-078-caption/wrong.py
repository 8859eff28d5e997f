    command = [tool, "--text", *caption.split(), picture]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{tool} ended with {result.returncode}")
    return result.stdout.strip()
