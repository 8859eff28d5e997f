    return digest(password) in config["admins"].values()
