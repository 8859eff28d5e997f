"""Makes the program of a task of CWEval runnable where its tests look for it."""
import os
import re
import shutil
import subprocess

# Headers that do not come with the compiler, and what is linked for them.
LIBRARIES = [
    (r"sqlite3\.h", ["-lsqlite3"]),
    (r"jwt\.h", ["-ljwt"]),
    (r"openssl/", ["-lssl", "-lcrypto"]),
    (r"archive(?:_entry)?\.h", ["-larchive"]),
    (r"libxml/", ["-I/usr/include/libxml2", "-lxml2"]),
]


def missing(path, packages, sanitize):
    """What is not installed here that the program needs; None where nothing is, and it has been compiled."""
    stem, ending = os.path.splitext(path)
    if ending == ".js":
        return missing_for_node(packages)
    compiler = {".c": "gcc", ".cpp": "g++"}[ending]
    if not shutil.which(compiler):
        return compiler
    with open(path) as file:
        headers = re.findall(r"^[ \t]*#[ \t]*include[ \t]*<([^>\n]+)>", file.read(), re.M)
    options = []
    for header in dict.fromkeys(headers):
        for pattern, needed in LIBRARIES:
            if not re.match(pattern, header):
                continue
            probe = [compiler, *needed, "-fsyntax-only", "-x", "c++" if ending == ".cpp" else "c", "-"]
            if subprocess.run(probe, input=b"#include <%s>\n" % header.encode(), capture_output=True).returncode:
                return "the header " + header
            options += needed
    if sanitize == "leak":
        return "a LeakSanitizer that works within the sandbox"
    if sanitize:
        options.append("-fsanitize=address")
        # It looks for leaks by tracing the program, which the sandbox does not let it.
        os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
    os.makedirs("compiled", exist_ok=True)
    # One that does not compile is not there, and all of its tests fail.
    subprocess.run([compiler, path, "-o", os.path.join("compiled", stem), *options])
    return None


def missing_for_node(packages):
    if not shutil.which("node"):
        return "node"
    for name in packages:
        if subprocess.run(["node", "-e", "require.resolve(process.argv[1])", name], capture_output=True).returncode:
            return "the package %s of npm" % name
    return None


def skip_all(names, what):
    """In place of the tests among `names`, one that says what is missing."""
    import unittest

    for name in [name for name in names if name.startswith("test")]:
        del names[name]

    def test_nothing():
        raise unittest.SkipTest(what + " is not installed")

    names["test_nothing"] = test_nothing
