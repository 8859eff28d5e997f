import os
import tempfile

import candidate


def test_values_are_not_run():
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, "made")
        for value in [f"open({mark!r}, 'w').close()", f"[__import__('os').mkdir({mark!r})]", f"{{'k': open({mark!r}, 'a')}}"]:
            try:
                candidate.parse_settings("width = " + value)
            except Exception:
                pass
            assert not os.path.exists(mark), value


def test_names_are_not_run():
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, "made")
        try:
            candidate.parse_settings(f"open({mark!r}, 'w').name = 1\nimport os; os.mkdir({mark!r}); x = 1")
        except Exception:
            pass
        assert not os.path.exists(mark)
