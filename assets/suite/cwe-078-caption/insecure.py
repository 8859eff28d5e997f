    command = f'{tool} --text "{caption}" {picture}'
    result = subprocess.run(command, shell=True, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{tool} ended with {result.returncode}")
    return result.stdout.strip()
