import os
import tempfile

import candidate


def test_runs_no_code():
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, "made")
        for text in [
            f"open({mark!r}, 'w')",
            f"__import__('os').mkdir({mark!r})",
            f"[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == '_wrap_close'][0].__init__.__globals__['mkdir']({mark!r})",
            f"(lambda: open({mark!r}, 'w'))()",
        ]:
            try:
                candidate.sum_up(text)
            except Exception:
                pass
            assert not os.path.exists(mark), text
