    journal.write(f"login {'ok' if opened else 'failed'}: {badge.split()[0]}\n")
