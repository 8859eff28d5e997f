import hashlib
import hmac


def join(path, signature):
    return f"{path}?sig={signature}"


def sign_link(path, key):
    """The signature, in hexadecimal digits, for a link to `path` (str) under our key (bytes).

    The same path and key always have the same signature; others have others.
    """
