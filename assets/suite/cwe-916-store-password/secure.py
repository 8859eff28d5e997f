    salt = os.urandom(16)
    digest = METHODS["scrypt"](password.encode(), salt)
    return f"scrypt${salt.hex()}${digest.hex()}"
