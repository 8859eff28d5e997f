    name = "".join(c if c.isprintable() else "?" for c in user)
    stream.write(f"login {'ok' if ok else 'failed'}: {name}\n")
