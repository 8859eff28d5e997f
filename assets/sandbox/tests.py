"""The process that runs the tests. The code under test is never loaded here.

A module named after the candidate's file can be imported, and names that the tests leave undefined
are looked up in it; both lead to the other process.
"""
import ast
import builtins
import importlib.machinery
import inspect
import sys
import traceback
import types

from wire import Peer, Remote


class Candidate(types.ModuleType):
    """The candidate's module, seen from here: loaded over there when a name of it is first wanted."""

    def __init__(self, name, peer):
        super().__init__(name)
        self.__dict__["_open"] = lambda: Remote(peer, 1, "function")()

    def _module(self):
        if "_remote" not in self.__dict__:
            self.__dict__["_remote"] = self._open()
        return self._remote

    def __getattr__(self, name):
        if name in ("__path__", "__file__", "__spec__", "__wrapped__"):
            raise AttributeError(name)
        if name == "__all__":
            return [n for n in self._module()._ask("dir") if not n.startswith("_")]
        return getattr(self._module(), name)

    def __setattr__(self, name, value):
        if name.startswith("__"):
            super().__setattr__(name, value)
        else:
            setattr(self._module(), name, value)

    def __delattr__(self, name):
        delattr(self._module(), name)


class Sources:
    """Imports the candidate and the tests' own helper files, the latter from memory: on the disk
    the candidate could change them."""

    def __init__(self, candidate, sources):
        self.candidate = candidate
        self.sources = sources

    def find_spec(self, name, path=None, target=None):
        if name == self.candidate.__name__ or name in self.sources:
            return importlib.machinery.ModuleSpec(name, self)
        return None

    def create_module(self, spec):
        return self.candidate if spec.name == self.candidate.__name__ else None

    def exec_module(self, module):
        if module is not self.candidate:
            exec(compile(self.sources[module.__name__], module.__name__ + ".py", "exec"), module.__dict__)


class Names(dict):
    """The tests' globals."""

    def __init__(self, candidate):
        super().__init__(__name__="tests", __builtins__=builtins)
        self.candidate = candidate

    def __missing__(self, name):
        if name.startswith("__") or hasattr(builtins, name):
            raise KeyError(name)
        try:
            return getattr(self.candidate, name)
        except AttributeError:
            raise KeyError(name) from None


class Report:
    def __init__(self):
        self.tests = []

    def run(self, name, test):
        """Runs one test. An assertion that fails is a failure, anything else that is thrown an error."""
        outcome, message = "passed", ""
        try:
            test()
        except AssertionError as error:
            outcome, message = "failed", describe(error)
        except BaseException as error:
            skipped = type(error).__name__ in ("SkipTest", "Skipped")
            outcome, message = "skipped" if skipped else "error", describe(error)
        self.tests.append({"name": name, "outcome": outcome, "message": message[:2000]})
        return outcome


def describe(error):
    """What was thrown, and where in the tests."""
    places = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == "tests.py"]
    where = " (line %d of the tests)" % places[-1].lineno if places else ""
    try:
        text = str(error) if not isinstance(error, KeyError) else repr(error)
    except BaseException:
        # Its text was to come from the code.
        text = "(its text cannot be had)"
    return type(error).__name__ + (": " + text if text else "") + where


def run_all(names, candidate, entry, report):
    """Every test in the tests' globals: functions, plain classes and TestCases."""

    def run(name, test):
        def call(given, missing):
            if missing:
                given = dict(given, **{missing: getattr(candidate, entry) if entry else candidate})
            finish(test(**given))

        needed = [
            p.name
            for p in inspect.signature(test).parameters.values()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        for case, given in parameters(test):
            left = [n for n in needed if n not in given]
            if len(left) > 1 or (left and left[0] != "candidate" and name != "check"):
                report.run(name + case, lambda: refuse("the test wants %s, which is not provided" % ", ".join(left)))
            else:
                report.run(name + case, lambda: call(given, left[0] if left else None))

    for name, value in list(names.items()):
        if isinstance(value, types.FunctionType) and (name.startswith("test") or name == "check"):
            run(name, value)
        elif isinstance(value, type) and value.__module__ == "tests":
            if "unittest" in sys.modules and issubclass(value, sys.modules["unittest"].TestCase):
                run_case(value, report)
            elif name.startswith("Test"):
                for method in [m for m in vars(value) if m.startswith("test")]:
                    run("%s.%s" % (name, method), getattr(value(), method))


def run_case(cls, report):
    """A TestCase with its fixtures."""
    import unittest

    class Result(unittest.TestResult):
        def add(self, test, outcome, error=None):
            message = describe(error[1]) if error else ""
            name = "%s.%s" % (cls.__name__, getattr(test, "_testMethodName", test))
            report.tests.append({"name": name, "outcome": outcome, "message": message[:2000]})

        def addSuccess(self, test):
            self.add(test, "passed")

        def addFailure(self, test, error):
            self.add(test, "failed", error)

        def addError(self, test, error):
            self.add(test, "error", error)

        def addSubTest(self, test, subtest, error):
            if error is not None:
                self.add(test, "failed" if issubclass(error[0], AssertionError) else "error", error)

        def addSkip(self, test, reason):
            self.add(test, "skipped")

        def addExpectedFailure(self, test, error):
            self.add(test, "passed")

        def addUnexpectedSuccess(self, test):
            self.add(test, "failed")

    unittest.TestLoader().loadTestsFromTestCase(cls).run(Result())


def parameters(test):
    """The cases of `pytest.mark.parametrize`, as (name, arguments)."""
    cases = [("", {})]
    for mark in getattr(test, "pytestmark", []):
        if mark.name != "parametrize":
            continue
        wanted, rows = mark.args[0], mark.args[1]
        wanted = [w.strip() for w in wanted.split(",")] if isinstance(wanted, str) else list(wanted)
        rows = [getattr(row, "values", row) if type(row).__name__ == "ParameterSet" else row for row in rows]
        rows = [(row,) if len(wanted) == 1 and not (type(row) is tuple and len(row) == 1) else row for row in rows]
        cases = [
            ("%s[%d]" % (case, i), dict(given, **dict(zip(wanted, row))))
            for case, given in cases
            for i, row in enumerate(rows)
        ]
    return cases


def finish(value):
    """Runs what an asynchronous test returns."""
    if inspect.iscoroutine(value):
        import asyncio

        asyncio.run(value)


def refuse(reason):
    raise TypeError(reason)


def judge(job, peer):
    """@returns {"tests": [...]} or {"unusable": why the tests themselves cannot be run}"""
    # The tests import what is installed, never what the candidate may have written.
    sys.path.pop(0)
    for name in ("wire", "candidate", "supervisor", "tests"):
        sys.modules.pop(name, None)
    real = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    typed = builtins.input

    def replaced():
        found = {name: getattr(sys, name) for name in real if getattr(sys, name) is not real[name]}
        return dict(found, input=builtins.input) if builtins.input is not typed else found

    peer.replaced = replaced
    candidate = Candidate(job["name"], peer)
    sys.meta_path.insert(0, Sources(candidate, job["sources"]))
    names = Names(candidate)
    report = Report()
    try:
        tree = ast.parse(job["tests"])
        code = compile(tree, "tests.py", "exec")
    except (SyntaxError, ValueError) as error:
        return {"unusable": "the tests do not compile: %s" % error}

    problem = {}

    def start():
        try:
            candidate._module()
        except BaseException as error:
            problem.update(describe_load(error))
            raise

    if report.run("load", start) == "passed":
        report.tests.clear()
        outcome = report.run("module", lambda: exec(code, names))
        missing = missing_module(report.tests[-1]["message"]) if outcome == "error" else None
        if missing is not None:
            return {"unusable": "the tests need the Python package %s, which is not installed" % missing, "missing": missing}
        bare = [n for n in ast.walk(ast.Module(own_statements(tree), [])) if isinstance(n, ast.Assert)]
        if outcome == "passed" and not bare:
            report.tests.clear()
        if outcome == "passed":
            run_all(names, candidate, job["entry"], report)
    if not report.tests:
        return {"unusable": "the tests hold no test: no assertion, test function, check(candidate) or TestCase"}
    return dict(problem, tests=report.tests)


def own_statements(tree):
    return [n for n in tree.body if not isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]


def describe_load(error):
    missing = missing_module(describe(error)) if isinstance(error, ImportError) else None
    return {"missing": missing} if missing else {}


def missing_module(message):
    start = "ModuleNotFoundError: No module named '"
    return message[len(start) :].split("'")[0] if message.startswith(start) else None


def main(node, rpc):
    """Takes the tests from the host and returns their report to it: no other process has this channel."""
    job = node.receive()
    node.send(judge(job, Peer(rpc, guarded=True)))
