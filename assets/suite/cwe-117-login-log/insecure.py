    stream.write(f"login {'ok' if ok else 'failed'}: {user}\n")
