import base64
import hashlib
import hmac
from itertools import permutations

import candidate


def codes(digest):
    return base64.b32encode(digest).decode().rstrip("=")


def test_is_no_weak_digest():
    made = candidate.licence_code("ada", "home", b"secret").upper()
    parts = [b"ada", b"home", b"secret"]
    for name in ("md5", "sha1"):
        for order in permutations(parts):
            for glue in (b"", b":", b"|", b"-"):
                weak = [codes(hashlib.new(name, glue.join(order)).digest())]
                weak.append(codes(hmac.new(order[0], glue.join(order[1:]), name).digest()))
                assert not any(code.startswith(made) or made.startswith(code) for code in weak), name
