"""Stands in for the `test_utils` of suites like SVEN's: one candidate, which lives in another process."""
import importlib.util
import os
import subprocess
import unittest

# What those tests take for the loading of a file gives them the candidate.
importlib.util.spec_from_file_location = lambda *_, **__: importlib.util.find_spec("candidate")

# Runs all files of a folder there; here each is judged for itself.
test_all = None


class TestCase(unittest.TestCase):
    results = []

    def __init__(self, method_name="runTest", base_file_path="."):
        super().__init__(method_name)
        self.base_file_path = base_file_path
        self.module_names = ["candidate"]

    def tearDown(self):
        assert self.results, "the tests came to no result"
        for _, status, score, *error in self.results:
            assert score, "%s: %s" % (status, error[0]) if error else status


def compile_c_file(filename, cc=None, cc_args=None, additonal_args=()):
    plus = filename.endswith(".cpp")
    cc = cc or ("g++" if plus else "gcc")
    cc_args = cc_args or ["-std=c++11" if plus else "-std=c99", "-o", "a.out"]
    subprocess.run([cc, *cc_args, filename, *additonal_args], capture_output=True)
    if not os.path.isfile("a.out"):
        raise Exception("bad compile")


def run_c_file(args=(), stdin=b""):
    ended = subprocess.run(["./a.out", *args], input=stdin, capture_output=True, timeout=5)
    if ended.returncode != 0:
        raise Exception("program exited non zero")
    try:
        return ended.stdout.decode(), ended.stderr.decode()
    except UnicodeDecodeError:
        return ended.stdout, ended.stderr


def remove_new_files(*names):
    for name in [*names, "a.out"]:
        if os.path.exists(name):
            os.chmod(name, 0o777)
            os.remove(name)
