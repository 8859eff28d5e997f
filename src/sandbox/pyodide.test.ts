import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { assetPath } from '../core/index.js';
import { beyondPyodide } from './pyodide.js';
import { Sandbox } from './sandbox.js';

const sandbox = await Sandbox.open({ kind: 'pyodide', workers: 2 });
afterAll(() => sandbox.close());

it('tells what Pyodide lacks, and undetermined is what it then says', async () => {
  expect(beyondPyodide('import json, re\nx = resources = 1')).toBeUndefined();
  expect(beyondPyodide('', 'import hashlib\nhashlib.scrypt(b"")')).toContain('scrypt');
  const code = 'import subprocess\ndef f(x): return x';
  const verdict = await sandbox.judge({ language: 'python', code, tests: 'assert f(1) == 1' });
  expect(verdict).toMatchObject({
    verdict: 'undetermined',
    reason: expect.stringContaining('subprocess'),
  });
});

it('judges Python code in a process apart from its tests', async () => {
  const verdict = await sandbox.judge({
    language: 'python',
    code: `class Any:
    def __eq__(self, other): return True
def double(x): return 2 * x
def wrong(x): return Any()`,
    tests: `def test_right(): assert double(2) == 4
def test_wrong(): assert wrong(2) == 4`,
  });
  expect(verdict).toMatchObject({ verdict: 'fail', passed: 1, failed: 1, errors: 0 });
  expect(verdict.reason).toMatch(/^test_wrong: AssertionError/);
});

it('ends what does not end or floods', async () => {
  const run = (source: string) =>
    sandbox.run({
      language: 'python',
      files: { 'main.py': source },
      limits: { wallMs: 500, outputBytes: 10_000 },
    });
  const [loop, flood] = await Promise.all([
    run('while True: pass'),
    run('while True: print("x" * 1000)'),
  ]);
  expect(loop!.outcome).toBe('timeout');
  expect(flood!.outcome).toBe('output');
  expect(flood!.stdout).toHaveLength(10_000);
});

it('gives Python no memory over its limit, and no way through JavaScript to files, code or processes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'suture-pyodide-'));
  const target = join(folder, 'secret');
  writeFileSync(target, 'untouched');
  const { stdout } = await sandbox.run({
    language: 'python',
    limits: { memoryBytes: 128 * 2 ** 20 },
    files: {
      'main.py': `import pyodide_js, suture_host
FS = pyodide_js._module.FS
def attempt(name, action):
    try: print(name, action())
    except BaseException: print(name, "refused")
def mount(folder, at):
    options = FS.stat("/")
    options.root = folder
    FS.mkdir(at)
    FS.mount(FS.filesystems.NODEFS, options, at)
# That the way is the right one shows where it leads to what Pyodide's process may read.
attempt("harness", lambda: mount(${JSON.stringify(assetPath('sandbox'))}, "/a") or open("/a/wire.py").read(11))
attempt("outside", lambda: mount(${JSON.stringify(folder)}, "/b") or open("/b/secret").read())
attempt("root", lambda: mount("/", "/c"))
attempt("memory", lambda: len(bytearray(128 << 20)))
attempt("eval", lambda: suture_host.read.constructor("return process")().pid)
attempt("js", lambda: __import__("js").process.pid)
attempt("run_js", lambda: __import__("pyodide.code").code.run_js("process.pid"))
# Last, because it takes the whole interpreter down.
attempt("write", lambda: open("/a/evil", "w").write("evil"))
`,
    },
  });
  expect(stdout.split('\n').slice(0, 7)).toEqual([
    'harness """Messages',
    ...['outside', 'root', 'memory', 'eval', 'js', 'run_js'].map((name) => `${name} refused`),
  ]);
  expect(stdout).not.toMatch(/^write \d/m);
  expect(existsSync(assetPath('sandbox', 'evil'))).toBe(false);
  expect(readFileSync(target, 'utf8')).toBe('untouched');
  rmSync(folder, { recursive: true });
});
