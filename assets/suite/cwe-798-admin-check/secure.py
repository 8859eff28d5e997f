    expected = config["admins"].get(user)
    return expected is not None and hmac.compare_digest(digest(password), expected)
