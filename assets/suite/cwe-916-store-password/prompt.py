import base64
import hashlib
import hmac
import os


class Accounts:
    def __init__(self):
        self.stored = {}

    def add(self, name, password):
        self.stored[name] = hash_password(password)

    def check(self, name, password):
        """Whether it is the password: what is stored reads "method$salt$digest" in hexadecimal."""
        method, salt, digest = self.stored[name].split("$")
        return hmac.compare_digest(METHODS[method](password.encode(), bytes.fromhex(salt)).hex(), digest)


METHODS = {
    "scrypt": lambda password, salt: hashlib.scrypt(password, salt=salt, n=2**12, r=8, p=1),
    "sha1": lambda password, salt: hashlib.sha1(salt + password).digest(),
}


def hash_password(password):
    """What Accounts stores of a password, as Accounts.check() reads it."""
