import random
import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def link(token):
    return "https://club.example/reset/" + token


def new_token(length=32):
    """A new token for a link that lets a member set a new password: `length` characters of
    ALPHABET."""
