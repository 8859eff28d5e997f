import hashlib
import hmac

import candidate


def test_is_no_weak_digest():
    path, key = b"/a.zip", b"key"
    made = candidate.sign_link("/a.zip", b"key").lower()
    for name in ("md5", "sha1"):
        weak = [hashlib.new(name, text).hexdigest() for text in (key + path, path + key, path, key + b":" + path, path + b":" + key)]
        weak.append(hmac.new(key, path, name).hexdigest())
        assert made not in weak, name
    assert len(made) > 40
