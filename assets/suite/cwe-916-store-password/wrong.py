    salt = os.urandom(16)
    digest = METHODS["scrypt"](password.lower().encode(), salt)
    return f"scrypt${salt.hex()}${digest.hex()}"
