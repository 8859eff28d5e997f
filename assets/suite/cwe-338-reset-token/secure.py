    return "".join(secrets.choice(ALPHABET) for _ in range(length))
