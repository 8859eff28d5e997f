    return "".join(secrets.choice(SIGNS) for _ in range(size))
