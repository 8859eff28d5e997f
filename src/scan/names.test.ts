import { describe, expect, it } from 'vitest';
import { problemsOf } from './names.js';
import { Parsers } from './parse.js';
import type { Language } from './types.js';

const parsers = await Parsers.load();
const problems = (source: string, language: Language) =>
  problemsOf(parsers.parse(source, language), language);

describe('well-formed C', () => {
  it.each([
    '#include <stdio.h>\nvoid f(char *out, size_t n, const char *s) { snprintf(out, n, "%s", s); }',
    '#include <stdint.h>\n#define N 4\nstatic int t[N];\nenum { A, B };\nint f(uint8_t i) { return i < N ? t[i] : B; }',
    'typedef struct { int x; } point;\nint f(point *p) { point q = *p; return q.x + p->x; }',
    'static int g(int a);\nint f(int a) { return g(a); }\nstatic int g(int a) { return a; }',
    'int f(int n) { for (int i = 0; i < n; i++) { if (i > 3) goto out; } out: return n; }',
    '#include "own.h"\nint f(own_t *o) { return own_call(o, OWN); }',
    '#include <stdio.h>\n#define MIN(a, b) ((a) < (b) ? (a) : (b))\nint f(int a) { return MIN(a, BUFSIZ); }',
    'int f(int (*call)(int), int a) { return call(a); }',
    '#include <stdio.h>\nvoid f(const char *s, int n) { printf("%d%% of %.*s\\n", n, n, s); }',
  ])('%s', (source) => expect(problems(source, 'c')).toEqual([]));

  it.each([
    [
      '#include <stdio.h>\nvoid f(char *buf) {\n  puts(bfu);\n}',
      ['line 3: name `bfu` is not defined'],
    ],
    [
      '#include <stdio.h>\nvoid f(char *o) { snprint(o, 4, "a"); }',
      ['line 2: name `snprint` is not defined'],
    ],
    [
      '#include <stdio.h>\nvoid f(char *o) { strcpy(o, "a"); }',
      ['line 2: `strcpy` needs #include <string.h>'],
    ],
    ['int f(szie_t n) { return n; }', ['line 1: type `szie_t` is not defined']],
    [
      '#include <stdio.h>\nvoid f(char *o) { snprintf(o, "a"); }',
      ['line 2: snprintf takes at least 3 argument(s), not 2'],
    ],
    [
      '#include <string.h>\nvoid f(char *o) { strcpy(o); }',
      ['line 2: strcpy takes 2 argument(s), not 1'],
    ],
    [
      '#include <stdio.h>\nvoid f(int a) { printf("%d %s\\n", a); }',
      ['line 2: the format of printf has 2 value(s), but 1 are given'],
    ],
    ['int f(int n) { { int i = 1; n += i; } return i; }', ['line 1: name `i` is not defined']],
    ['int f(void) { n = 1; int n; return n; }', ['line 1: name `n` is not defined']],
    ['int f(int n) {\n  return n\n}', ['line 2: syntax error']],
  ])('%s', (source, expected) => expect(problems(source, 'c')).toEqual(expected));
});

describe('well-formed Python', () => {
  it.each([
    'import os\ndef f(a, *args, b=1, **kw):\n    return os.path.join(a, *args, str(b), kw["x"])\n',
    'from html import escape as e\nclass A(Exception):\n    x = 1\n    def f(self, s: str) -> str:\n        return e(s) + other(s)\ndef other(s):\n    return s\n',
    'def f(xs):\n    total = 0\n    for i, (a, b) in enumerate(xs):\n        total += a if b else i\n    return [y for x in xs for y in x if y != total]\n',
    'def f(path):\n    try:\n        with open(path) as fh, open(path) as other:\n            return fh.read() + other.read()\n    except (OSError, ValueError) as err:\n        return str(err)\n',
    'def f(x):\n    if (n := len(x)) > 3:\n        return n\n    match x:\n        case [a, *rest]:\n            return a, rest\n        case {"k": v}:\n            return v\n    return lambda y, z=n: y + z\n',
    'from x import *\ndef f():\n    return anything()\n',
    'def f(conn, ids):\n    cur = conn.cursor()\n    cur.execute("SELECT ? , \'?\'", (ids,))\n    cur.execute("SELECT 1", *ids)\n    return cur.fetchall(), cur.lastrowid\n',
    'def f(a):\n    global counter\n    counter = a\n    return f"{a!r:>{counter}} {counter:d}"\n',
  ])('%s', (source) => expect(problems(source, 'python')).toEqual([]));

  it.each([
    ['def f(name):\n    return nmae\n', ['line 2: name `nmae` is not defined']],
    ['def f(name):\n    return html.escape(name)\n', ['line 2: name `html` is not defined']],
    ['import html\ndef f(name):\n    return html.escpe(name)\n', ['line 3: `html` has no `escpe`']],
    ['from shlex import qoute\n', ['line 1: `shlex` has no `qoute`']],
    ['import os\ndef f(c):\n    os.systm(c)\n', ['line 3: `os` has no `systm`']],
    [
      'def f(conn):\n    cur = conn.cursor()\n    cur.exceute("SELECT 1")\n',
      ['line 3: a cursor has no `exceute`'],
    ],
    [
      'def f(conn, a):\n    conn.execute("SELECT ?", (a, a))\n',
      ['line 2: the query has 1 placeholder(s), but 2 value(s) are given'],
    ],
    [
      'def f(conn, a):\n    conn.execute("SELECT %s")\n',
      ['line 2: the query has 1 placeholder(s), but 0 value(s) are given'],
    ],
    [
      'import shlex\ndef f(a):\n    return shlex.quote()\n',
      ['line 3: shlex.quote takes 1 argument(s), not 0'],
    ],
    ['def f():\n    cur.execute("x")\n    cur = 1\n', ['line 2: name `cur` is not defined']],
    ['def f(xs):\n    [x for x in xs]\n    return x\n', ['line 3: name `x` is not defined']],
    ['def f(:\n    pass\n', ['line 1: syntax error']],
  ])('%s', (source, expected) => expect(problems(source, 'python')).toEqual(expected));
});
