import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { messageOf } from '../core/index.js';
import { type CellPlan, cellArguments } from './bubblewrap.js';
import { Messages } from './messages.js';

/** Descriptors of the cell: 0 to 2 are the program's; the supervisor's; the tests'; made-up files. */
const CONTROL = 3;
const TESTS = 4;
const FIRST_FILE = 5;

/** How long a cell may take to end once it should. */
const GRACE_MS = 1000;

/** What a cell reports of its job. */
export interface CellReport {
  /** `lost`: the cell ended without a word. `undetermined`: it was not tried, for `reason`. */
  outcome: 'exit' | 'signal' | 'timeout' | 'memory' | 'output' | 'lost' | 'undetermined';
  exitCode?: number;
  signal?: string;
  reason?: string;
  /** The step that the outcome is of. */
  step?: string;
  cpuMs?: number;
  peakBytes?: number;
  /** A judged program's own answer, where it came with the token. */
  returned?: number;
  /** A symbol that the code may not define. */
  clash?: string;
  stdout: string;
  stderr: string;
  wallMs: number;
  /** What the tests' process sent. */
  tests?: unknown;
}

export interface CellOrder {
  /** For the supervisor; the tests' process never sees it, nor it the tests. */
  job: object;
  stdin?: string;
  /** For the tests' process alone. */
  tests?: object;
  outputBytes: number;
  /** When the host itself puts an end to it: the supervisor should have. */
  wallMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * One bubblewrap sandbox, started ahead of its one job and gone with all its processes after it.
 */
export class Cell {
  readonly #process: ChildProcess;
  readonly #control: Messages;
  readonly #tests: Messages;
  readonly #output = { stdout: [] as Buffer[], stderr: [] as Buffer[], bytes: 0 };
  #allowed = 4096;
  #crossed: 'output' | 'timeout' | undefined;
  /** Settles when the cell and every process in it are gone. */
  readonly ended: Promise<void>;

  constructor(plan: CellPlan, fileBytes: number) {
    const { args, data } = cellArguments(plan, { fileBytes }, FIRST_FILE);
    const pipe = 'pipe' as const;
    this.#process = spawn(plan.command, args, {
      cwd: '/',
      env: {},
      stdio: [pipe, pipe, pipe, pipe, pipe, ...data.map(() => pipe)],
      ...(plan.user === undefined ? {} : { uid: plan.user, gid: plan.user }),
    });
    const { stdio } = this.#process;
    this.ended = new Promise((resolve) => {
      this.#process.on('error', (thrown) => {
        this.#output.stderr.push(Buffer.from(messageOf(thrown)));
        resolve();
      });
      this.#process.on('close', () => resolve());
    });
    // A pipe that breaks because the other side has ended is told by that end.
    for (const stream of stdio) stream?.on('error', () => {});
    for (const [i, content] of data.entries()) (stdio[FIRST_FILE + i] as Writable).end(content);
    this.#control = new Messages(stdio[CONTROL] as Duplex);
    this.#tests = new Messages(stdio[TESTS] as Duplex);
    for (const name of ['stdout', 'stderr'] as const) {
      (this.#process[name] as Readable).on('data', (chunk: Buffer) => this.#take(name, chunk));
    }
    this.#hold(false);
  }

  /** Waits until the supervisor is up; rejects with bubblewrap's own words where it cannot be. */
  async ready(): Promise<void> {
    this.#hold(true);
    const up = await Promise.race([this.#control.at(0), this.ended]);
    this.#hold(false);
    if (!up) throw new Error(this.#text('stderr').trim() || 'it ended at once');
  }

  /** Does the one job. */
  async run({ job, stdin, tests, outputBytes, wallMs, signal }: CellOrder): Promise<CellReport> {
    const started = performance.now();
    this.#hold(true);
    await Promise.race([this.#control.at(0), this.ended]);
    this.#allowed = outputBytes;
    const abort = () => this.stop();
    signal?.addEventListener('abort', abort, { once: true });
    const deadline = setTimeout(() => {
      this.#crossed ??= 'timeout';
      this.stop();
    }, wallMs + GRACE_MS);
    this.#control.send(job);
    if (tests) this.#tests.send(tests);
    this.#process.stdin!.end(stdin ?? '');
    if (signal?.aborted) this.stop();
    await this.ended;
    clearTimeout(deadline);
    signal?.removeEventListener('abort', abort);

    const reported = this.#control.received[1] as Partial<CellReport> | undefined;
    return {
      ...(this.#crossed
        ? { outcome: this.#crossed, reason: over(this.#crossed, outputBytes, wallMs) }
        : { outcome: 'lost' as const, ...reported }),
      stdout: this.#text('stdout'),
      stderr: this.#text('stderr'),
      wallMs: performance.now() - started,
      ...(this.#tests.received.length > 0 ? { tests: this.#tests.received[0] } : {}),
    };
  }

  /**
   * Ends the cell. The supervisor leaves as soon as nobody listens to it, and the kernel ends what
   * lives in its namespace; only a cell that hangs is killed from outside.
   */
  stop(): void {
    (this.#process.stdio[CONTROL] as Duplex).destroy();
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), GRACE_MS);
    this.ended.then(() => clearTimeout(kill));
  }

  #take(name: 'stdout' | 'stderr', chunk: Buffer): void {
    const room = this.#allowed - this.#output.bytes;
    this.#output.bytes += chunk.length;
    if (room > 0) this.#output[name].push(chunk.subarray(0, room));
    if (this.#output.bytes <= this.#allowed || this.#crossed) return;
    this.#crossed = 'output';
    this.stop();
  }

  #text(name: 'stdout' | 'stderr'): string {
    return Buffer.concat(this.#output[name]).toString();
  }

  /** Whether the cell keeps this process alive: only while it has a job. */
  #hold(held: boolean): void {
    const change = held ? 'ref' : 'unref';
    this.#process[change]();
    for (const stream of this.#process.stdio)
      (stream as { ref?(): void; unref?(): void })[change]?.();
  }
}

function over(crossed: 'output' | 'timeout', outputBytes: number, wallMs: number): string {
  return crossed === 'output'
    ? `more than ${outputBytes} bytes of output`
    : `more than ${wallMs / 1000} s`;
}
