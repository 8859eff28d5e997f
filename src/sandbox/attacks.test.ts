import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cells, closeCells, noCells } from './testing/open.js';
import type { Limits, RunResult } from './types.js';

afterAll(closeCells);

/** Command lines of all processes of the machine that this user may see. */
function processes(): { pid: number; line: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), line }];
      } catch {
        return [];
      }
    });
}

const named = (mark: string) => processes().filter(({ line }) => line.includes(mark));

function python(source: string, limits: Partial<Limits> = {}): Promise<RunResult> {
  return cells().run({ language: 'python', files: { 'main.py': source }, limits });
}

function c(source: string, limits: Partial<Limits> = {}): Promise<RunResult> {
  return cells().run({ language: 'c', files: { 'main.c': source }, limits });
}

const MIB = 2 ** 20;

describe.skipIf(noCells)(`attacks on the machine ${noCells}`, () => {
  it('a fork bomb stays within its number of processes and leaves none', async () => {
    const mark = 'suture-bomb-python';
    const result = await python(
      `import subprocess
started = 0
try:
    while True:
        subprocess.Popen(["${mark}", "100"], executable="/bin/sleep")
        started += 1
except OSError as error:
    print(started, error.errno, flush=True)`,
      { processes: 20 },
    );
    const [started, errno] = result.stdout.split(' ').map(Number);
    expect(errno).toBe(11);
    expect(started).toBeGreaterThan(0);
    expect(started).toBeLessThanOrEqual(20);
    expect(named(mark)).toEqual([]);
  });

  it('a fork bomb that never stops is stopped', async () => {
    const mark = 'suture_bomb_c';
    const result = await c(
      `#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  for (;;) if (fork() == 0 && argc == 1) execl("/proc/self/exe", "${mark}", "again", (char *)0);
}`,
      { wallMs: 600, processes: 30 },
    );
    expect(result.outcome).toMatch(/^(timeout|memory)$/);
    expect(named(mark)).toEqual([]);
  });

  it('an endless loop ends by its processor time, and one that sleeps by the clock', async () => {
    expect(await python('while True: pass', { cpuMs: 200 })).toMatchObject({
      outcome: 'timeout',
      reason: expect.stringContaining('processor time'),
    });
    expect(await python('import time\ntime.sleep(99)', { wallMs: 200 })).toMatchObject({
      outcome: 'timeout',
      reason: 'more than 0.2 s',
    });
  });

  it('a loop that ignores signals and moves into children counts whole', async () => {
    const result = await python(
      `import os, signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        os.setsid()
        for _ in range(300000): pass
        os._exit(0)
    os.wait()`,
      { cpuMs: 300 },
    );
    expect(result.outcome).toBe('timeout');
  });

  it('10 GB are not had in one piece, in many, or in many processes', async () => {
    const limits = { memoryBytes: 128 * MIB };
    const pieces = 'x = []\nwhile True: x.append(bytearray(1 << 20))';
    for (const source of ['bytearray(10 << 30)', pieces]) {
      const result = await python(source, limits);
      expect(result.outcome).toBe('memory');
      expect(result.peakBytes).toBeLessThan(300 * MIB);
    }
    const many = await python(
      `import os, time
for _ in range(8):
    if os.fork() == 0:
        x = bytearray(60 << 20)
        for i in range(0, len(x), 4096): x[i] = 1
        time.sleep(60)
time.sleep(60)`,
      limits,
    );
    expect(many.outcome).toBe('memory');
    expect(many.peakBytes).toBeLessThan(600 * MIB);
  });

  it('10 GB are not had under AddressSanitizer, which has no limit of address space', async () => {
    const loop = `#include <stdlib.h>
#include <string.h>
int main(void) {
  for (;;) { char *p = malloc(1 << 20); if (!p) return 7; memset(p, 1, 1 << 20); }
}`;
    const result = await c(loop, { memoryBytes: 128 * MIB });
    expect(result.outcome).toBe('memory');
    expect(result.peakBytes).toBeLessThan(600 * MIB);
    const once = '#include <stdlib.h>\nint main(void) { return malloc(10ull << 30) ? 1 : 7; }';
    expect(await c(once)).toMatchObject({ outcome: 'exit', exitCode: 7 });
  });

  it('memory is not had by way of files either', async () => {
    const { stdout } = await python(
      `def fill(path):
    try:
        with open(path, "wb") as f:
            while True: f.write(b"x" * 65536)
    except OSError as error:
        print(path, error.errno)
for path in ("/tmp/a", "/tmp/b", "/dev/shm/a", "/a", "/dev/a"): fill(path)
import os
try: os.memfd_create("a")
except OSError as error: print("memfd", error.errno)`,
      { fileBytes: 4 * MIB },
    );
    // EFBIG at the limit of one file, ENOSPC at that of all, EROFS, EPERM.
    expect(stdout.split('\n')).toEqual([
      '/tmp/a 28',
      '/tmp/b 28',
      '/dev/shm/a 27',
      '/a 30',
      '/dev/a 30',
      'memfd 1',
      '',
    ]);
  });

  it('a flood of output is cut', async () => {
    const result = await python('while True: print("x" * 1000)', { outputBytes: 10_000 });
    expect(result).toMatchObject({ outcome: 'output', reason: 'more than 10000 bytes of output' });
    expect(result.stdout).toHaveLength(10_000);
  });

  it('no file of the machine can be written or, but for its programs, read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'suture-outside-'));
    const target = join(folder, 'secret');
    writeFileSync(target, 'untouched');
    const { stdout } = await python(
      `import os
os.makedirs(${JSON.stringify(folder)}, exist_ok=True) if ${JSON.stringify(folder)}.startswith("/tmp/") else None
for path in (${JSON.stringify(target)}, "/etc/shadow", "/root/.ssh", "/home", ${JSON.stringify(process.cwd())}, "/run", "/var"):
    print(os.path.exists(path))
for path in (${JSON.stringify(target)}, "/usr/bin/evil", "/etc/passwd"):
    try: open(path, "w").write("changed")
    except OSError: pass
print(open("/etc/passwd").read())`,
    );
    expect(readFileSync(target, 'utf8')).toBe('untouched');
    expect(existsSync('/usr/bin/evil')).toBe(false);
    expect(stdout.split('\n').slice(0, 7)).toEqual(Array(7).fill('False'));
    expect(stdout).toContain('suture:x:65534');
    rmSync(folder, { recursive: true });
  });

  it('no socket leads out', async () => {
    let reached = 0;
    const server = createServer((socket) => {
      reached++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { stdout } = await python(
      `import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", ${port})), (socket.AF_INET, ("1.1.1.1", 53)), (40, (2, 1))):
    try:
        s = socket.socket(family, socket.SOCK_STREAM)
        s.settimeout(2)
        s.connect(address)
        print("connected")
    except OSError as error:
        print(error.errno)`,
    );
    server.close();
    // Refused by an empty machine, no route, no such family.
    expect(stdout).toBe('111\n101\n97\n');
    expect(reached).toBe(0);
  });

  it('no signal reaches a process outside, or the supervisor', async () => {
    const { stdout, outcome, exitCode } = await python(
      `import os, signal
for pid in (1, os.getppid(), ${process.pid}, ${process.ppid}):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
        try: os.kill(pid, number)
        except OSError as error: print(error.errno)
try: os.kill(-1, signal.SIGTERM)
except ProcessLookupError: print("alone")`,
    );
    // That it goes on, and that its end is told, is the supervisor's doing.
    expect({ outcome, exitCode }).toEqual({ outcome: 'exit', exitCode: 0 });
    expect(stdout).toMatch(/alone\n$/);
    expect(stdout.match(/^3$/gm)?.length).toBeGreaterThanOrEqual(3);
  });

  it('no process outlives its run, whatever it does to be overlooked', async () => {
    const mark = 'suture-survivor';
    const { outcome } = await python(
      `import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        os.execv("/bin/sleep", ["${mark}", "100"])
    os._exit(0)
time.sleep(0.3)`,
    );
    expect(outcome).toBe('exit');
    expect(named(mark)).toEqual([]);
  });

  it('the supervisor cannot be traced or read, and no new namespace be made', async () => {
    const { stdout } = await python(
      `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(16, 1, 0, 0), ctypes.get_errno())
print(libc.unshare(0x10000000), ctypes.get_errno())
for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/fd/3"):
    try: open(path, "rb").read(1); print("open")
    except OSError as error: print(error.errno)
print([l for l in open("/proc/self/status") if l.startswith(("CapEff", "NoNewPrivs", "Seccomp:"))])
print(sorted(os.listdir("/suture")), any(os.access("/suture/" + f, os.W_OK) for f in os.listdir("/suture")))`,
    );
    const lines = stdout.split('\n');
    expect(lines.slice(0, 2)).toEqual(['-1 1', '-1 1']);
    expect(lines.slice(2, 5)).toEqual(['13', '13', '13']);
    expect(lines[5]).toBe(
      "['CapEff:\\t0000000000000000\\n', 'NoNewPrivs:\\t1\\n', 'Seccomp:\\t2\\n']",
    );
    expect(lines[6]).toMatch(/False$/);
  });

  it('no cell outlives a Suture that is killed', async () => {
    const mark = `sleep 1${process.pid}`;
    const script = join(mkdtempSync(join(tmpdir(), 'suture-killed-')), 'host.mjs');
    writeFileSync(
      script,
      `import { Sandbox } from ${JSON.stringify(join(process.cwd(), 'dist/sandbox/index.js'))};
const sandbox = await Sandbox.open({ workers: 2 });
sandbox.run({ language: 'python', files: { 'main.py': 'import os; os.execv("/bin/sleep", ${JSON.stringify(mark.split(' '))})' } });
setInterval(() => {}, 1000);`,
    );
    const host = spawn(process.execPath, [script], { stdio: 'inherit' });
    await until(() => named(mark).length > 0);
    const ended = new Promise((resolve) => host.on('close', resolve));
    host.kill('SIGKILL');
    await ended;
    await until(() => named(mark).length === 0);
    await until(() => !processes().some(({ pid }) => parentOf(pid) === host.pid));
    rmSync(join(script, '..'), { recursive: true });
  });
});

function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Waits for something that comes soon or never: the test's own limit of time is the judge. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
