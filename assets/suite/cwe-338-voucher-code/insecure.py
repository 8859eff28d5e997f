    return "".join(random.choice(SIGNS) for _ in range(size))
