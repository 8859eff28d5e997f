import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ensure, fileError, readJson, writeFileAtomic } from '../../core/index.js';
import { JsonLines, type LinePlace } from './lines.js';

/** All that a run's results depend on, as plain JSON. */
export type RunConfig = Readonly<Record<string, unknown>>;

/** Parts of long work that are done, so that they are not done again. */
export interface Journal<T> {
  get(key: string): T | undefined;
  add(key: string, value: T): void;
}

/**
 * A run's folder: `run.json` says what it is; other files are written whole, or appended to line by
 * line. A run that was killed goes on where it stopped. One process writes to it at a time.
 */
export class RunFolder {
  readonly dir: string;
  readonly config: RunConfig;

  private constructor(dir: string, config: RunConfig) {
    this.dir = dir;
    this.config = config;
  }

  /**
   * Begins a run, or goes on with it where the folder holds one of the same configuration.
   * @throws {SutureError} BAD_ARGUMENT where the folder's run is another, naming the difference, or
   *   another process writes to it; DISK
   */
  static start(dir: string, config: RunConfig): RunFolder {
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
    return new RunFolder(dir, config);
  }

  /**
   * Opens a run that is there.
   * @throws {SutureError} NOT_FOUND where there is none; BAD_ARGUMENT where another process writes to it
   */
  static open(dir: string): RunFolder {
    const path = join(dir, 'run.json');
    ensure(existsSync(path), 'NOT_FOUND', `${dir} holds no run: there is no run.json.`);
    const config = readJson(path) as RunConfig;
    lock(dir);
    return new RunFolder(dir, config);
  }

  /** The whole lines of a file; what a kill has left of another is cut off. */
  readLines<T>(name: string): T[] {
    return Array.from(this.eachLine<T>(name), ({ value }) => value);
  }

  /** The same, of which no more is held than one. What is cut off is cut off at the end. */
  *eachLine<T>(name: string): Generator<{ value: T; place: LinePlace }> {
    const path = join(this.dir, name);
    if (!existsSync(path)) return;
    const lines = new JsonLines<T>(path);
    try {
      yield* lines.values();
      if (lines.whole < statSync(path).size) truncate(path, lines.whole);
    } finally {
      lines.close();
    }
  }

  append(name: string, value: unknown): void {
    const path = join(this.dir, name);
    try {
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, `${JSON.stringify(value)}\n`);
    } catch (thrown) {
      throw fileError(thrown, 'write', path);
    }
  }

  /**
   * What `work` gives, from the file where an earlier run of this folder has put it: a piece of a
   * run that is not done twice. Either way it is what JSON can hold.
   */
  async once<T>(name: string, work: () => Promise<T>): Promise<T> {
    const path = join(this.dir, name);
    if (!existsSync(path)) this.write(name, await work());
    return readJson(path) as T;
  }

  /** Results by key in a file of their own, those of an earlier run among them. */
  journal<T>(name: string): Journal<T> {
    const known = new Map(
      this.readLines<{ key: string; value: T }>(name).map(({ key, value }) => [key, value]),
    );
    return {
      get: (key) => known.get(key),
      add: (key, value) => {
        this.append(name, { key, value });
        known.set(key, value);
      },
    };
  }

  write(name: string, value: unknown): void {
    writeFileAtomic(join(this.dir, name), `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Lets others write to it. */
  close(): void {
    rmSync(lockPath(this.dir), { force: true });
  }
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
