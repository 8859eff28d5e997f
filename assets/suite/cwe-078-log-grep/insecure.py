    command = f"grep -F -m {MAX_HITS} '{phrase}' {log_path}"
    return subprocess.getoutput(command).splitlines()
