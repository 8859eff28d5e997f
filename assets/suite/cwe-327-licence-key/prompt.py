import base64
import hashlib
import hmac

EDITIONS = ("home", "team", "school")


def licence_code(customer, edition, secret):
    """The code that a customer types in to unlock an edition, made from our secret (bytes).

    Letters and digits of base 32, without "=", the same for the same customer (str) and edition.
    Raises ValueError for an edition that is not in EDITIONS.
    """
