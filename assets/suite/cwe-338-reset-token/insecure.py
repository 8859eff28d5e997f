    return "".join(random.choice(ALPHABET) for _ in range(length))
