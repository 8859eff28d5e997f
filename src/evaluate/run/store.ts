import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ensure, fileError, readJson, SutureError, writeFileAtomic } from '../../core/index.js';
import type { EvalSample, EvalVerdict } from '../suite/sample.js';

/** All that a run's results depend on, as plain JSON. */
export type RunConfig = Readonly<Record<string, unknown>>;

/**
 * A run's folder: `run.json` (what it is), `samples.jsonl` and `judged.jsonl` (appended to line by
 * line), `metrics.json`. A run that was killed goes on where it stopped; a line that was cut off is
 * dropped. One process writes to it at a time.
 */
export class RunStore {
  readonly dir: string;
  readonly config: RunConfig;
  readonly samples: EvalSample[];
  readonly verdicts: EvalVerdict[];

  private constructor(dir: string, config: RunConfig) {
    this.dir = dir;
    this.config = config;
    this.samples = readLines<EvalSample>(join(dir, 'samples.jsonl'));
    this.verdicts = readLines<EvalVerdict>(join(dir, 'judged.jsonl'));
  }

  /**
   * Begins a run, or goes on with it where the folder holds one of the same configuration.
   * @throws {SutureError} BAD_ARGUMENT where the folder's run is another, naming the difference, or
   *   another process writes to it; DISK
   */
  static start(dir: string, config: RunConfig): RunStore {
    const path = join(dir, 'run.json');
    if (existsSync(path)) {
      const difference = firstDifference(readJson(path), JSON.parse(JSON.stringify(config)));
      ensure(
        difference === undefined,
        'BAD_ARGUMENT',
        `${dir} holds a run of another configuration: ${difference}. Give another folder, or remove this one.`,
      );
    } else {
      writeFileAtomic(path, `${JSON.stringify(config, null, 2)}\n`);
    }
    lock(dir);
    return new RunStore(dir, config);
  }

  /**
   * Opens a run that is there.
   * @throws {SutureError} NOT_FOUND where there is none; BAD_ARGUMENT where another process writes to it
   */
  static open(dir: string): RunStore {
    const path = join(dir, 'run.json');
    ensure(existsSync(path), 'NOT_FOUND', `${dir} holds no run: there is no run.json.`);
    const config = readJson(path) as RunConfig;
    lock(dir);
    return new RunStore(dir, config);
  }

  addSample(sample: EvalSample): void {
    this.#append('samples.jsonl', sample);
    this.samples.push(sample);
  }

  addVerdict(verdict: EvalVerdict): void {
    this.#append('judged.jsonl', verdict);
    this.verdicts.push(verdict);
  }

  /** Forgets all verdicts, so that saved samples can be judged anew. */
  forgetVerdicts(): void {
    writeFileAtomic(join(this.dir, 'judged.jsonl'), '');
    this.verdicts.length = 0;
  }

  writeMetrics(metrics: unknown): void {
    writeFileAtomic(join(this.dir, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  }

  /** Lets others write to it. */
  close(): void {
    rmSync(lockPath(this.dir), { force: true });
  }

  #append(name: string, value: unknown): void {
    const path = join(this.dir, name);
    try {
      appendFileSync(path, `${JSON.stringify(value)}\n`);
    } catch (thrown) {
      throw fileError(thrown, 'write', path);
    }
  }
}

/** The whole lines of a file; what a kill has left of another is cut off. */
function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) truncate(path, whole);
  const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as T;
    } catch (thrown) {
      throw new SutureError(
        'BAD_DATA',
        `${path}, line ${i + 1}, is not valid JSON. Remove the line to go on without it.`,
        { cause: thrown },
      );
    }
  });
}

function truncate(path: string, length: number): void {
  const file = openSync(path, 'r+');
  try {
    ftruncateSync(file, length);
  } finally {
    closeSync(file);
  }
}

const lockPath = (dir: string) => join(dir, 'run.lock');

/** Takes the folder for this process; a lock whose process is gone is taken over. */
function lock(dir: string): void {
  const path = lockPath(dir);
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(path, String(process.pid), { flag: 'wx' });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError(thrown, 'write', path);
    // A process that was killed while it took the lock has left no number.
    const owner = Number(readFileSync(path, 'utf8'));
    ensure(
      !(owner > 0) || owner === process.pid || !isAlive(owner),
      'BAD_ARGUMENT',
      `Another process (${owner}) is working on ${dir}. Wait for it, or give another folder.`,
    );
    writeFileAtomic(path, String(process.pid));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where two JSON values first differ: `sampling.temperature is 0.2 there and 0.8 now`. */
function firstDifference(there: unknown, now: unknown, at = ''): string | undefined {
  const isObject = (x: unknown): x is Record<string, unknown> =>
    typeof x === 'object' && x !== null;
  if (!isObject(there) || !isObject(now)) {
    if (there === now) return undefined;
    return `${at || 'it'} is ${JSON.stringify(there)} there and ${JSON.stringify(now)} now`;
  }
  for (const key of new Set([...Object.keys(there), ...Object.keys(now)])) {
    const difference = firstDifference(there[key], now[key], at ? `${at}.${key}` : key);
    if (difference) return difference;
  }
  return undefined;
}
