import os
import tempfile

import candidate

ROWS = [{"name": "al", "age": 17}]


def test_a_condition_is_not_run():
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, "made")
        for condition in [
            f"open({mark!r}, 'w')",
            f"age >= 0 and __import__('os').mkdir({mark!r})",
            f"age == [__import__('os').mkdir({mark!r})]",
            f"age == ().__class__.__base__.__subclasses__()[[c.__name__ for c in ().__class__.__base__.__subclasses__()].index('_wrap_close')].__init__.__globals__['mkdir']({mark!r})",
        ]:
            try:
                candidate.filter_rows([dict(row) for row in ROWS], condition)
            except Exception:
                pass
            assert not os.path.exists(mark), condition
