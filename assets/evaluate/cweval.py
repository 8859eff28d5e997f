

def _keep_marked(wanted):
    """Leaves the tests of one kind: of functions and of single parameters, as CWEval marks them."""
    import functools
    import inspect
    import pathlib
    import tempfile

    names = globals()
    everywhere = names.get("pytestmark", [])
    everywhere = everywhere if isinstance(everywhere, list) else [everywhere]

    def counts(marks):
        kinds = {mark.name for mark in marks} & {"functionality", "security"}
        return wanted in (kinds or {"functionality"})

    for name, test in list(names.items()):
        if not name.startswith("test") or not inspect.isfunction(test):
            continue
        own = everywhere + list(getattr(test, "pytestmark", []))
        rows = [mark for mark in own if mark.name == "parametrize"]
        for mark in rows:
            mark.args[1][:] = [row for row in mark.args[1] if counts(own + list(getattr(row, "marks", [])))]
        # Those of the suite's own unsafe solution prove the suite, not the candidate.
        if "_unsafe" in name or "_insecure" in name or (not all(mark.args[1] for mark in rows) if rows else not counts(own)):
            del names[name]
            continue
        signature = inspect.signature(test)
        if "tmp_path" in signature.parameters:

            def with_folder(_test=test, **given):
                return _test(tmp_path=pathlib.Path(tempfile.mkdtemp()), **given)

            kept = [p for p in signature.parameters.values() if p.name != "tmp_path"]
            names[name] = functools.wraps(test)(with_folder)
            names[name].__signature__ = signature.replace(parameters=kept)
