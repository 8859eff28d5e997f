import { type ChildProcess, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { assetPath, ensure, SutureError } from '../core/index.js';
import type { CellReport } from './cell.js';
import { type Backend, type Order, type TestsJob, Turns } from './cells.js';
import { hex, Messages } from './messages.js';

/** What starting Pyodide may take on a slow machine, beyond the run's own limit. */
const START_MS = 60_000;

/**
 * What Pyodide lacks or only pretends to have: code that uses one of these is not judged by it,
 * because correct code would seem broken.
 */
const LACKING =
  /\b(subprocess|multiprocessing|threading|_thread|concurrent|asyncio|sockets?|socketserver|selectors?|ssl|signal|fcntl|resource|termios|pty|ctypes|mmap|http\.client|http\.server|urllib\.request|ftplib|smtplib|scrypt|pbkdf2_hmac|os\.(?:system|popen|fork|kill|exec\w*|spawn\w*|posix_spawn\w*|get[e]?[ug]id|setuid|nice))\b/;

/** Why Pyodide cannot tell what this code does; undefined where it can. */
export function beyondPyodide(...sources: string[]): string | undefined {
  for (const source of sources) {
    const found = LACKING.exec(source)?.[1];
    if (found) return `it uses ${found}, which Pyodide does not have`;
  }
  return undefined;
}

/** Python without bubblewrap: Pyodide, in a process for each job. */
export class PyodideRunner implements Backend {
  readonly kind = 'pyodide';
  readonly #turns: Turns;
  readonly #alive = new Set<Interpreter>();
  #closed = false;

  constructor(workers = availableParallelism()) {
    this.#turns = new Turns(workers);
  }

  async python(order: Order, entry: string, args: readonly string[]): Promise<CellReport> {
    const reason = beyondPyodide(...Object.values(order.files));
    if (reason) return untried(reason);
    return this.#run(order, ([only]) => {
      only!.control.send({ role: 'program', files: hex(order.files), entry, args });
      only!.process.stdin!.end(order.stdin ?? '');
      return only!;
    });
  }

  async judgePython(order: Order, entry: string, tests: TestsJob): Promise<CellReport> {
    const reason = beyondPyodide(...Object.values(order.files), tests.tests);
    if (reason) return untried(reason);
    return this.#run(
      order,
      ([code, judge]) => {
        code!.rpc.pipe(judge!.rpc).pipe(code!.rpc);
        code!.control.send({ role: 'candidate', files: hex(order.files), entry });
        // Each has a file system of its own.
        judge!.control.send({ role: 'tests', files: hex(order.files) });
        judge!.control.send(tests);
        return judge!;
      },
      2,
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    const alive = [...this.#alive];
    for (const interpreter of alive) interpreter.stop();
    await Promise.all(alive.map(({ ended }) => ended));
  }

  /** @param begin hands out the work; returns whose first message ends it */
  #run(
    { limits, signal }: Order,
    begin: (interpreters: Interpreter[]) => Interpreter,
    count = 1,
  ): Promise<CellReport> {
    const check = () => {
      ensure(!this.#closed, 'BAD_ARGUMENT', 'The sandbox has been closed; open another one.');
      if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.');
    };
    return this.#turns.take(async () => {
      check();
      const started = performance.now();
      let crossed: 'output' | 'timeout' | undefined;
      const stop = (why?: 'output' | 'timeout') => {
        crossed ??= why;
        for (const one of interpreters) one.stop();
      };
      const interpreters = Array.from(
        { length: count },
        () => new Interpreter(limits, () => stop('output')),
      );
      for (const one of interpreters) {
        this.#alive.add(one);
        one.ended.then(() => this.#alive.delete(one));
      }
      const abort = () => stop();
      signal?.addEventListener('abort', abort, { once: true });
      const starting = setTimeout(() => stop('timeout'), START_MS);
      const awaited = begin(interpreters);
      await Promise.all(interpreters.map((one) => Promise.race([one.control.at(0), one.ended])));
      clearTimeout(starting);
      const deadline = setTimeout(() => stop('timeout'), limits.wallMs);
      await Promise.race([awaited.control.at(1), awaited.ended]);
      clearTimeout(deadline);
      stop();
      await Promise.all(interpreters.map(({ ended }) => ended));
      signal?.removeEventListener('abort', abort);
      check();

      const message = awaited.control.received[1] as { exitCode?: number } | undefined;
      const code = interpreters[0]!;
      const outcome = crossed ?? (message === undefined ? 'lost' : 'exit');
      const over =
        crossed === 'output'
          ? `more than ${limits.outputBytes} bytes of output`
          : `more than ${limits.wallMs / 1000} s`;
      return {
        outcome,
        ...(outcome === 'exit' ? { exitCode: message?.exitCode ?? 0 } : {}),
        ...(crossed ? { reason: over } : {}),
        step: 'run',
        stdout: code.text('stdout'),
        stderr: code.text('stderr'),
        wallMs: performance.now() - started,
        ...(count === 2 && message ? { tests: message } : {}),
      };
    });
  }
}

function untried(reason: string): CellReport {
  return { outcome: 'undetermined', reason, stdout: '', stderr: '', wallMs: 0 };
}

/** A Node process with a Pyodide in it. */
class Interpreter {
  readonly process: ChildProcess;
  readonly control: Messages;
  readonly rpc: Duplex;
  readonly ended: Promise<void>;
  readonly #output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };

  constructor(limits: Order['limits'], flooded: () => void) {
    const entry = join(dirname(createRequire(import.meta.url).resolve('pyodide')), 'pyodide.mjs');
    const host = fileURLToPath(new URL('./pyodide-host.js', import.meta.url));
    const harness = assetPath('sandbox');
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const readable = [dirname(realpathSync(entry)), host, harness];
    const seconds = Math.ceil((limits.cpuMs + START_MS) / 1000);
    const args = [
      permission,
      ...readable.map((path) => `--allow-fs-read=${path}`),
      '--disallow-code-generation-from-strings',
      '--max-old-space-size=256',
      '--no-warnings',
      host,
      entry,
      harness,
      String(limits.memoryBytes),
    ];
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] as const;
    const options = { cwd: '/', env: {}, stdio: [...stdio] };
    // Should this process be killed, the other ends by its limit of processor time at the latest.
    this.process =
      process.platform === 'win32'
        ? spawn(process.execPath, args, { env: {}, stdio: [...stdio] })
        : spawn(
            '/bin/sh',
            ['-c', `ulimit -t ${seconds}; exec "$@"`, 'sh', process.execPath, ...args],
            options,
          );
    for (const stream of this.process.stdio) stream?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.process.on('error', () => resolve());
      this.process.on('close', () => resolve());
    });
    this.control = new Messages(this.process.stdio[3] as Duplex);
    this.rpc = this.process.stdio[4] as Duplex;
    let bytes = 0;
    for (const name of ['stdout', 'stderr'] as const) {
      (this.process[name] as Readable).on('data', (chunk: Buffer) => {
        const room = limits.outputBytes - bytes;
        bytes += chunk.length;
        if (room > 0) this.#output[name].push(chunk.subarray(0, room));
        if (bytes > limits.outputBytes) flooded();
      });
    }
  }

  text(name: 'stdout' | 'stderr'): string {
    return Buffer.concat(this.#output[name]).toString();
  }

  stop(): void {
    this.process.kill('SIGKILL');
  }
}
