import base64
import os
import pickle
import tempfile

import candidate


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (self.path,))


def test_a_cookie_is_not_run():
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, "made")
        for protocol in (0, 2, 4):
            cookie = base64.urlsafe_b64encode(pickle.dumps(Payload(mark), protocol)).decode()
            try:
                candidate.load_session(cookie)
            except Exception:
                pass
            assert not os.path.exists(mark)
