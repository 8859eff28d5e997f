    salt = b"suture"
    digest = METHODS["sha1"](password.encode(), salt)
    return f"sha1${salt.hex()}${digest.hex()}"
