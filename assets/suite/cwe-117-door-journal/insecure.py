    journal.write(f"login {'ok' if opened else 'failed'}: {badge}\n")
