import base64
import hashlib
import hmac
import json


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpart(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_token(claims, key):
    """HEADER.CLAIMS.SIGNATURE, the signature being HMAC-SHA-256 over HEADER.CLAIMS under the key (bytes)."""
    head = part(json.dumps({"alg": "HS256"}).encode()) + "." + part(json.dumps(claims).encode())
    return head + "." + part(hmac.new(key, head.encode(), hashlib.sha256).digest())


def read_token(token, key, now):
    """The claims (a dict) of a token that make_token() has made with this key, or None.

    None, too, when the claim "exp" (seconds, if there) is not later than `now`.
    """
