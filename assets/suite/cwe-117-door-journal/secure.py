    name = "".join(c if c.isprintable() else "?" for c in badge)
    journal.write(f"login {'ok' if opened else 'failed'}: {name}\n")
