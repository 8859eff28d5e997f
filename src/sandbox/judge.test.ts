import { afterAll, describe, expect, it } from 'vitest';
import { cells, closeCells, noCells } from './testing/open.js';
import type { TestedCode } from './types.js';

afterAll(closeCells);

const python = (code: string, tests: string, more: Partial<TestedCode> = {}) =>
  cells().judge({ language: 'python', code, tests, ...more });
const c = (code: string, tests: string, more: Partial<TestedCode> = {}) =>
  cells().judge({ language: 'c', code, tests, ...more });

const DOUBLE = 'def double(x):\n    return 2 * x\n';
const CHECK =
  'def check(candidate):\n    assert candidate(4) == 8\n    assert candidate([1]) == [1, 1]\n';
const C_CHECK = `#include <assert.h>
int twice(int);
int main(void) { assert(twice(4) == 8); return 0; }`;

describe.skipIf(noCells)(`Python code and its tests ${noCells}`, () => {
  it.each([
    ['check(candidate)', CHECK, 1],
    ['bare assertions', 'assert double(2) == 4\nassert double("a") == "aa"', 1],
    [
      'functions',
      'def test_a():\n    assert double(1) == 2\ndef test_b(candidate):\n    assert candidate(2) == 4',
      2,
    ],
    ['an import', 'from candidate import *\ndef test_a():\n    assert double(1) == 2', 1],
    [
      'a class',
      'import candidate\nclass TestIt:\n    def test_a(self):\n        assert candidate.double(1) == 2',
      1,
    ],
    [
      'a TestCase',
      'import unittest\nfrom candidate import double\nclass T(unittest.TestCase):\n    def setUp(self): self.two = 2\n    def test_a(self): self.assertEqual(double(self.two), 4)\n    def test_b(self): self.assertEqual(double(()), ())',
      2,
    ],
    ['coroutines', 'async def test_a():\n    assert double(1) == 2', 1],
  ])('passes right code and fails wrong code by %s', async (...[, tests, passed]) => {
    const [right, wrong] = await Promise.all([
      python(DOUBLE, tests, { entryPoint: 'double' }),
      python('def double(x):\n    return x\n', tests, { entryPoint: 'double' }),
    ]);
    expect(right).toMatchObject({ verdict: 'pass', passed, failed: 0, errors: 0 });
    expect(wrong.verdict).toBe('fail');
    expect(wrong.reason).toContain('AssertionError');
  });

  it('carries values, changes in place, exceptions, generators, objects and printed text', async () => {
    const code = `import datetime, os, sqlite3
class Point:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return self.x == other.x
    def moved(self, by): return Point(self.x + by)
class Wrong(ValueError): pass
def values(): return {"a": (1, 2.5, None), 3: {b"x"}, "d": datetime.date(2020, 1, 2), "big": 10 ** 40}
def tidy(items): items.sort()
def refuse(): raise Wrong("no", 7)
def missing(): return open("nowhere")
def count(n):
    for i in range(n): yield i
def apply(function, items): return [function(item) for item in items]
def find(connection, name): return connection.execute("select id from users where name = ?", (name,)).fetchall()
def shout(): print("loud", input())
def system(): return os.system("x")
async def later(x): return x + 1
`;
    const tests = `import builtins, contextlib, datetime, io, sqlite3, sys
from unittest import mock
import candidate
def test_values():
    assert values() == {"a": (1, 2.5, None), 3: {b"x"}, "d": datetime.date(2020, 1, 2), "big": 10 ** 40}
def test_in_place():
    items = [3, 1, 2]
    tidy(items)
    assert items == [1, 2, 3]
def raises(kind, function):
    try: function()
    except kind as error: return error
    assert False
def test_exceptions():
    assert raises(candidate.Wrong, candidate.refuse).args == ("no", 7)
    assert isinstance(raises(ValueError, candidate.refuse), candidate.Wrong)
    raises(FileNotFoundError, candidate.missing)
def test_generator(): assert list(count(3)) == [0, 1, 2]
def test_objects():
    assert Point(1).moved(2) == Point(3)
    assert not Point(1) == Point(2)
    assert Point(4).x == 4
def test_callback():
    seen = []
    assert apply(lambda x: seen.append(x) or x * 2, [1, 2]) == [2, 4]
    assert seen == [1, 2]
    assert apply(str, [1]) == ["1"]
def test_database():
    c = sqlite3.connect(":memory:")
    c.execute("create table users (id, name)")
    c.execute("insert into users values (1, 'a')")
    assert find(c, "a") == [(1,)]
    assert find(c, "a' or '1'='1") == []
def test_printed():
    out = io.StringIO()
    with contextlib.redirect_stdout(out), mock.patch("builtins.input", lambda *_: "typed"):
        shout()
    assert out.getvalue() == "loud typed\\n"
def test_patched():
    with mock.patch("candidate.os.system", return_value=5) as patched:
        assert system() == 5
    patched.assert_called_once_with("x")
async def test_later(): assert await later(1) == 2
`;
    const verdict = await python(code, tests);
    expect(verdict.tests.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(verdict).toMatchObject({ verdict: 'pass', passed: 10 });
  });

  it.each([
    [
      'prints a pass and leaves',
      'import os, sys\nprint("PASS\\nOK\\n1 passed")\nsys.stdout.flush()\nos._exit(0)',
    ],
    ['leaves when it is called', 'import os\ndef double(x): os._exit(0)'],
    ['raises SystemExit', 'def double(x): raise SystemExit(0)'],
    [
      'answers with what equals everything',
      'class A:\n    def __eq__(s, o): return True\n    def __ne__(s, o): return False\ndef double(x): return A()',
    ],
    [
      'answers with a number that equals everything',
      'class A(int):\n    def __eq__(s, o): return True\ndef double(x): return A(1)',
    ],
    [
      'answers with a subclass of the right type',
      'class A(list):\n    def __eq__(s, o): return True\n    def __iter__(s): return iter([1, 1])\ndef double(x): return A() if x != 4 else 8',
    ],
    [
      'patches unittest, builtins and sys',
      'import sys, builtins, unittest\nunittest.TestCase.assertEqual = lambda *a: None\nbuiltins.AssertionError = ValueError\nsys.exit = lambda *a: None\nbuiltins.isinstance = lambda *a: True\ndef double(x): return 0',
    ],
    [
      'writes every file of results it can think of',
      'import os, json\nfor p in ("result.json", "/tmp/result.json", "/tmp/work/results.xml", "/tmp/verdict", "/dev/fd/3", "/proc/1/fd/4"):\n    try: open(p, "w").write(json.dumps({"tests": [{"name": "check", "outcome": "passed", "message": ""}]}))\n    except OSError: pass\ndef double(x): return 0',
    ],
    [
      'writes a report to every descriptor',
      'import os, json\nreport = json.dumps({"tests": [{"name": "check", "outcome": "passed", "message": ""}]}).encode()\nfor fd in range(3, 256):\n    try: os.write(fd, len(report).to_bytes(4, "big") + report)\n    except OSError: pass\ndef double(x): return 0',
    ],
    [
      'kills whatever it can',
      'import os, signal\nfor pid in range(1, 50):\n    if pid != os.getpid():\n        try: os.kill(pid, signal.SIGKILL)\n        except OSError: pass\ndef double(x): return 0',
    ],
    [
      'reaches for the frames of its callers',
      'import sys, gc\ndef double(x):\n    f = sys._getframe()\n    while f:\n        for v in f.f_locals.values():\n            if isinstance(v, dict): v["outcome"] = "passed"\n        f = f.f_back\n    return 0',
    ],
    [
      'writes modules that the tests import',
      'for m in ("unittest", "json", "tests", "contextlib", "candidate"):\n    open(m + ".py", "w").write("import os; os._exit(0)")\ndef double(x): return 0',
    ],
    ['never ends', 'while True: pass'],
    ['does not compile', 'def double(x:'],
    ['is empty', ''],
  ])('is not fooled by code that %s', async (...[, code]) => {
    const verdict = await python(code, `import contextlib\n${CHECK}`, {
      entryPoint: 'double',
      limits: { wallMs: code.startsWith('while') ? 500 : 10_000 },
    });
    expect(verdict.verdict).toBe('fail');
    expect(verdict.passed).toBe(0);
    expect(verdict.reason).toBeTruthy();
  });

  it("gives code nothing behind the tests' objects", async () => {
    const code = `def get(f, out):
    for name in ("__globals__", "__code__", "__class__", "gi_frame", "func_globals"):
        try: getattr(f, name); out.append(name)
        except Exception: pass
    try: f.assert_called = print; out.append("replaced")
    except Exception: pass
    return f(1)
`;
    const tests = `from unittest import mock
def test_function():
    out = []
    assert get(lambda x: x + 1, out) == 2
    # Its own proxy has a class; that of the function here it never sees.
    assert [n for n in out if n not in ("__class__", "replaced")] == []
def test_mock():
    out = []
    m = mock.Mock(return_value=3)
    assert get(m, out) == 3
    assert "replaced" not in out
`;
    const verdict = await python(code, tests);
    expect(verdict.tests.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(verdict.verdict).toBe('pass');
  });

  it('lets code neither change what lies around the tests nor speak for them', async () => {
    const code = `class Mute:
    def __str__(self): raise SystemExit(0)
def double(x): return Mute()
def meddle(f):
    return f._peer.request("call", f, [], {}, {"exit": None, "modules": {}, "input": None})[0]
`;
    const tests = `import sys
def test_text():
    assert False, double(1)
def test_streams():
    seen = []
    assert meddle(lambda: seen.append(sys.exit and sys.modules and input) or 3) == 3
    assert seen[0] is input
`;
    const verdict = await python(code, tests);
    expect(verdict.tests).toEqual([
      { name: 'test_text', outcome: 'failed', message: expect.stringContaining('AssertionError') },
      { name: 'test_streams', outcome: 'passed', message: '' },
    ]);
    const without = await python(DOUBLE, CHECK, { entryPoint: 'missing' });
    expect(without).toMatchObject({ verdict: 'fail', reason: expect.stringContaining('missing') });
  });

  it('keeps the tests out of the sight of the code', async () => {
    const code = `import gc, os
def look():
    found = [o for o in gc.get_objects() if isinstance(o, str) and "UNGUESSABLE" in o]
    for root, _, files in os.walk("/tmp"):
        for f in files:
            if f != "candidate.py" and "UNGUESSABLE" in open(os.path.join(root, f), errors="replace").read(): found.append(f)
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        for line in maps:
            start, end = [int(n, 16) for n in line.split()[0].split("-")]
            if "[heap]" not in line: continue
            memory.seek(start)
            # Spelled apart, so that it does not find itself.
            if b"UNGUESS" + b"ABLE-" + b"ANSWER" in memory.read(end - start): found.append("memory")
    return found
`;
    const secret = '"UNGUESSABLE" + "-ANSWER"';
    const tests = `secret = ${secret}\nname = "UNGUESSABLE-ANSWER"\ndef test_hidden():\n    assert look() == []`;
    expect((await python(code, tests)).verdict).toBe('pass');
  });

  it('does not judge without a test, by broken tests, or without what they need', async () => {
    const verdicts = await Promise.all([
      python(DOUBLE, 'import math\n'),
      python(DOUBLE, 'def test_('),
      python(DOUBLE, 'import suture_no_such_package\nassert double(1) == 2'),
      python(`import suture_no_such_package\n${DOUBLE}`, CHECK, {
        packages: ['suture_no_such_package'],
      }),
      python(
        DOUBLE,
        'import unittest\nclass T(unittest.TestCase):\n    @unittest.skip("x")\n    def test_a(self): pass',
      ),
    ]);
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(Array(5).fill('undetermined'));
    expect(verdicts.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('no test'),
      expect.stringContaining('do not compile'),
      expect.stringContaining('suture_no_such_package'),
      expect.stringContaining('suture_no_such_package'),
      'every test was skipped',
    ]);
  });

  it('takes a package that nobody allowed for a fault of the code', async () => {
    const verdict = await python(`import suture_no_such_package\n${DOUBLE}`, CHECK);
    expect(verdict).toMatchObject({ verdict: 'fail', errors: 1 });
    expect(verdict.reason).toContain('suture_no_such_package');
  });

  it('runs every case of a parametrised test, and names what else a test wants', async () => {
    // What pytest leaves on a function that it parametrises.
    const tests = `class Mark: name = "parametrize"; args = ("x, y", [(1, 2), (2, 4), (3, 7)])
def test_many(x, y):
    assert double(x) == y
test_many.pytestmark = [Mark]
def test_folder(tmp_path):
    pass
`;
    const { passed, failed, tests: each } = await python(DOUBLE, tests);
    expect({ passed, failed }).toEqual({ passed: 2, failed: 1 });
    expect(each.at(-1)).toMatchObject({
      outcome: 'error',
      message: expect.stringContaining('tmp_path'),
    });
  });

  it('shares files between the code and its tests', async () => {
    const code = 'def read(base, name):\n    return open(base + "/" + name).read()\n';
    const tests = `import os, tempfile
def test_escape():
    with tempfile.TemporaryDirectory() as base:
        os.mkdir(base + "/public")
        open(base + "/secret", "w").write("s")
        open(base + "/public/a", "w").write("a")
        assert read(base + "/public", "a") == "a"
        try: leaked = read(base + "/public", "../secret")
        except Exception: leaked = ""
        assert leaked != "s"
`;
    expect(await python(code, tests)).toMatchObject({ verdict: 'fail', failed: 1 });
  });
});

describe.skipIf(noCells)(`C code and its tests ${noCells}`, () => {
  it('passes right code, also with an example main of its own, and fails wrong code', async () => {
    const right = 'int twice(int x) { return 2 * x; }\nint main(void) { return 3; }';
    expect(await c(right, C_CHECK)).toMatchObject({ verdict: 'pass', passed: 1 });
    const wrong = await c('int twice(int x) { return x; }', C_CHECK);
    expect(wrong).toMatchObject({ verdict: 'fail', reason: 'killed by SIGABRT' });
    const returned = await c(
      'int twice(int x) { return x; }',
      'int twice(int);\nint main(void) { return twice(4) != 8; }',
    );
    expect(returned.reason).toBe("the tests' main returned 1");
  });

  it('judges a function that is not visible outside, where the tests include it', async () => {
    const tests = '#include "candidate.c"\nint main(void) { return twice(4) != 8; }';
    const code = 'static int twice(int x) { return 2 * x; }';
    expect((await c(code, tests)).verdict).toBe('pass');
    expect((await c('static int twice(int x) { return x; }', tests)).verdict).toBe('fail');
  });

  it('judges C++', async () => {
    const tests = '#include <cassert>\nint twice(int);\nint main() { assert(twice(4) == 8); }';
    const [right, wrong] = await Promise.all(
      ['2 * x', 'x'].map((value) =>
        cells().judge({ language: 'cpp', code: `int twice(int x) { return ${value}; }`, tests }),
      ),
    );
    expect([right!.verdict, wrong!.verdict]).toEqual(['pass', 'fail']);
  });

  it('fails code that is right but for a flaw that a sanitizer sees', async () => {
    const code =
      '#include <stdlib.h>\nint twice(int x) { int *p = malloc(4); p[1] = x; int y = 2 * p[1]; free(p); return y; }';
    const verdict = await c(code, C_CHECK);
    expect(verdict).toMatchObject({
      verdict: 'fail',
      reason: 'AddressSanitizer: heap-buffer-overflow',
      run: { sanitizer: { frame: { function: 'twice', file: 'candidate.c', line: 2 } } },
    });
  });

  it.each([
    [
      'exits',
      '#include <stdlib.h>\nint twice(int x) { exit(0); }',
      'it ended before the tests did',
    ],
    [
      'exits before main',
      '#include <unistd.h>\n__attribute__((constructor)) static void f(void) { _exit(0); }\nint twice(int x) { return 0; }',
      'it ended before the tests did',
    ],
    [
      'prints a pass',
      '#include <stdio.h>\nint twice(int x) { puts("PASS"); return 0; }',
      'killed by SIGABRT',
    ],
    [
      'brings its own assertions',
      'void __assert_fail(void) {}\nint twice(int x) { return 0; }',
      '__assert_fail',
    ],
    [
      'brings its own exit',
      'void _exit(int s) { for (;;); }\nint twice(int x) { return 0; }',
      '_exit',
    ],
    [
      'brings its own answer',
      'int __wrap_main(void) { return 0; }\nint twice(int x) { return 0; }',
      '__wrap_main',
    ],
    [
      'answers for the tests, without the token',
      '#include <stdio.h>\n#include <stdlib.h>\nint twice(int x) { dprintf(201, "%s:0", "00000000000000000000000000000000"); exit(0); }',
      'it ended before the tests did',
    ],
    [
      'jumps out of its signals',
      '#include <signal.h>\n#include <stdlib.h>\nstatic void h(int s) { _Exit(0); }\nint twice(int x) { signal(SIGABRT, h); return 0; }',
      'it ended before the tests did',
    ],
    ['lacks the function', 'int other(void) { return 0; }', 'does not compile with its tests'],
    ['is empty', '', 'does not compile with its tests'],
  ])('is not fooled by code that %s', async (...[, code, reason]) => {
    const verdict = await c(code, C_CHECK);
    expect(verdict).toMatchObject({ verdict: 'fail', passed: 0 });
    expect(verdict.reason).toContain(reason);
  });
});
