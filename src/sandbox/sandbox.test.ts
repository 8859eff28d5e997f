import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox } from './sandbox.js';
import { cells, closeCells, noCells } from './testing/open.js';

afterAll(closeCells);

describe.skipIf(noCells)(`programs ${noCells}`, () => {
  it('runs Python with its files, arguments and input', async () => {
    const result = await cells().run({
      language: 'python',
      files: {
        'main.py': 'import sys, lib.greet\nprint(lib.greet.hello(input()), sys.argv)\nsys.exit(3)',
        'lib/greet.py': 'def hello(name): return "hello " + name',
      },
      args: ['a', 'b'],
      stdin: 'Åsa\n',
    });
    expect(result).toMatchObject({
      outcome: 'exit',
      exitCode: 3,
      stdout: "hello Åsa ['main.py', 'a', 'b']\n",
      stderr: '',
    });
  });

  it("prints a Python program's own traceback, without the harness in it", async () => {
    const { exitCode, stderr } = await cells().run({
      language: 'python',
      files: { 'main.py': 'def f(): raise ValueError("no")\nf()' },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Traceback .*\n {2}File "main.py", line 2, in <module>/);
    expect(stderr).toMatch(/ValueError: no\n$/);
    expect(stderr).not.toContain('/suture/');
  });

  it('runs JavaScript', async () => {
    const { outcome, reason, stdout } = await cells().run({
      language: 'javascript',
      files: { 'main.js': 'console.log(require("./six").n * 7)', 'six.js': 'exports.n = 6' },
    });
    // Node under a home folder that the cells' user cannot enter is out of reach.
    if (outcome === 'undetermined') expect(reason).toContain(process.execPath);
    else expect(stdout).toBe('42\n');
  });

  it('compiles and runs C and C++', async () => {
    const sandbox = cells();
    const c = await sandbox.run({
      language: 'c',
      files: {
        'main.c':
          '#include <stdio.h>\nint twice(int);\nint main(void) { printf("%d", twice(21)); }',
        'twice.c': 'int twice(int x) { return 2 * x; }',
      },
    });
    expect(c).toMatchObject({ outcome: 'exit', exitCode: 0, stdout: '42' });
    const cpp = await sandbox.run({
      language: 'cpp',
      files: { 'main.cpp': '#include <iostream>\nint main() { std::cout << 42; }' },
    });
    expect(cpp).toMatchObject({ outcome: 'exit', exitCode: 0, stdout: '42' });
  });

  it('tells what does not compile', async () => {
    const result = await cells().run({ language: 'c', files: { 'main.c': 'int main( {' } });
    expect(result.outcome).toBe('compile');
    expect(result.stderr).toContain('main.c:1:');
  });

  it.each([
    [
      'a buffer overflow',
      '#include <string.h>\nint main(void) {\n  char b[4];\n  volatile int n = 9;\n  memset(b, 1, n);\n  return b[0];\n}',
      { kind: 'AddressSanitizer', what: 'stack-buffer-overflow', access: 'WRITE' },
      5,
    ],
    [
      'a use after free',
      '#include <stdlib.h>\nint main(void) {\n  char *p = malloc(4);\n  free(p);\n  return p[1];\n}',
      { kind: 'AddressSanitizer', what: 'heap-use-after-free', access: 'READ' },
      5,
    ],
    [
      'a signed overflow',
      'int main(int argc, char **argv) {\n  int big = 2147483647;\n  return big + argc;\n}',
      {
        kind: 'UndefinedBehaviorSanitizer',
        what: expect.stringMatching(/^signed integer overflow/),
      },
      3,
    ],
  ] as const)('reports %s with its kind and place', async (...[, source, report, line]) => {
    const { sanitizer } = await cells().run({ language: 'c', files: { 'main.c': source } });
    expect(sanitizer).toMatchObject({ ...report, frame: { file: 'main.c', line } });
  });

  it('takes no printed text for a report of a sanitizer', async () => {
    const text = '==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1';
    const { exitCode, sanitizer } = await cells().run({
      language: 'c',
      files: { 'main.c': `#include <stdio.h>\nint main(void) { fputs("${text}\\n", stderr); }` },
    });
    expect(exitCode).toBe(0);
    expect(sanitizer).toBeUndefined();
  });

  it('leaves nothing of one run for the next', async () => {
    const sandbox = cells();
    const run = (main: string) =>
      sandbox.run({ language: 'python', files: { 'main.py': main }, limits: { processes: 8 } });
    await run('open("/tmp/left", "w").write("x"); open("/dev/shm/left", "w").write("x")');
    const { stdout } = await run('import os; print(os.listdir("/tmp"), os.listdir("/dev/shm"))');
    expect(stdout).toBe("['work'] []\n");
    expect(existsSync('/tmp/left')).toBe(false);
  });

  it('runs more programs than it has workers, each with its own answer', async () => {
    const sandbox = cells();
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        sandbox.run({ language: 'python', files: { 'main.py': `print(${i})` } }),
      ),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(results.map((_, i) => i));
  });
});

describe.skipIf(noCells)(`what it is given ${noCells}`, () => {
  it('refuses paths that leave the working folder, whatever they look like', async () => {
    const sandbox = cells();
    const up = fc.tuple(fc.array(fc.constantFrom('a', '.', 'b'), { maxLength: 3 }), fc.nat(3));
    await fc.assert(
      fc.asyncProperty(up, fc.constantFrom('etc/passwd', 'x'), async ([steps, more], end) => {
        const real = steps.filter((step) => step !== '.').length;
        const path = [...steps, ...Array(real + more + 1).fill('..'), end].join('/');
        const run = sandbox.run({ language: 'python', files: { [path]: '', 'main.py': '' } });
        await expect(run).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
      }),
    );
    for (const path of ['', '/etc/x', 'a\0b']) {
      const run = sandbox.run({ language: 'python', files: { [path]: '', 'main.py': '' } });
      await expect(run).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    }
  });

  it('refuses unknown languages, entries and limits', async () => {
    const sandbox = cells();
    const files = { 'main.py': '' };
    const bad = [
      sandbox.run({ language: 'cobol' as 'c', files }),
      sandbox.run({ language: 'python', files, entry: 'other.py' }),
      sandbox.run({ language: 'python', files, limits: { wallMs: 0 } }),
      sandbox.run({ language: 'python', files, limits: { wallMs: Number.NaN } }),
      sandbox.run({ language: 'python', files, limits: { walls: 1 } as object }),
      sandbox.judge({ language: 'javascript' as 'c', code: '', tests: '' }),
      sandbox.judge({ language: 'python', code: '', tests: '', name: 'a/b' }),
      Sandbox.open({ workers: 0 }),
    ];
    for (const run of bad) await expect(run).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });

  it('stops when its signal fires, and refuses work when it is closed', async () => {
    cells();
    const sandbox = await Sandbox.open({ workers: 1 });
    const controller = new AbortController();
    const files = { 'main.py': 'print("up", flush=True)\nimport time; time.sleep(60)' };
    const running = sandbox.run({ language: 'python', files, signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await sandbox.close();
    const late = sandbox.run({ language: 'python', files });
    await expect(late).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });

  it('says what is missing where bubblewrap is asked for and is not there', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      const open = Sandbox.open({ kind: 'bubblewrap' });
      await expect(open).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('bubblewrap'),
      });
      const other = await Sandbox.open();
      expect(other.kind).toBe('pyodide');
      expect(other.reason).toContain('bwrap');
      for (const language of ['c', 'cpp', 'javascript'] as const) {
        const result = await other.run({ language, files: { 'main.js': '' } });
        expect(result).toMatchObject({
          outcome: 'undetermined',
          reason: expect.stringContaining('bwrap'),
        });
      }
      await other.close();
    } finally {
      process.env.PATH = path;
    }
  });
});
