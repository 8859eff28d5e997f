import os
import pickle
import tempfile

import candidate


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (self.path,))


def test_a_message_is_not_run():
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, "made")
        for protocol in (0, 2, 4):
            try:
                candidate.next_job(candidate.Queue([pickle.dumps(Payload(mark), protocol)]))
            except Exception:
                pass
            assert not os.path.exists(mark)
