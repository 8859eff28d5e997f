import hashlib
import hmac


def digest(password):
    return hashlib.sha256(password.encode()).hexdigest()


def is_admin(config, user, password):
    """Whether these are the name and the password of an administrator.

    config["admins"] maps names to what digest() gives of their passwords.
    """
