    stream.write(f"login {'ok' if ok else 'failed'}: {user.split()[0]}\n")
