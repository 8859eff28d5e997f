// Files that are made from a checkpoint once and kept: its weights as float32, or quantised.
//
//   <cache>/<kind>/<key>.safetensors                            whole, and never changed again
//   <cache>/<kind>/<key>.safetensors.<host>.<pid>.<random>.tmp  being written
//
// There is no lock to be left behind. Whoever writes keeps the time of its temporary file fresh,
// others wait while there is a fresh one, and only a whole file takes the final name; so two
// processes at once cost time at worst, and a killed one costs nothing but its own work.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir, hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { discard, fileError, SutureError } from '../../core/index.js';
import { readSafetensorsHeader, type TensorEntry } from '../../tensor/index.js';

/** What a kept file holds: weights in this precision. */
export const KINDS = ['f32', 'int8', 'int4'] as const;
export type Kind = (typeof KINDS)[number];

/** A temporary file is kept this fresh by its writer, and is given up when it is so old. */
const FRESHEN_MS = 2_000;
const STALE_MS = 60_000;

/** Where files made from checkpoints are kept: `$SUTURE_CACHE`, else `~/.cache/suture`. */
export function cacheDir(): string {
  return process.env.SUTURE_CACHE || join(homedir(), '.cache', 'suture');
}

/**
 * What a kept file says of where it comes from, in its metadata: `model` for people, and `sources`,
 * a JSON list of files, so that it can be told when these are gone.
 */
export function origin(entries: readonly TensorEntry[]): { model: string; sources: string } {
  const sources = [...new Set(entries.map(({ file }) => file))];
  const dir = dirname(sources[0] ?? '');
  const hub = /models--([^/\\]+)[/\\]blobs$/.exec(dir);
  return { model: hub ? hub[1]!.replace('--', '/') : dir, sources: JSON.stringify(sources) };
}

export interface DeriveOptions {
  /** Bytes that the file will have: a disk without room for them is refused before anything runs. */
  bytes: number;
  /** Ends the waiting for another process with an INTERRUPTED error. Defaults to none. */
  signal?: AbortSignal | undefined;
}

/**
 * The file of this kind and key; where there is none, or it is damaged, it is made. When several
 * processes want one at the same time, one makes it and the others wait for it.
 *
 * @param key names everything that the file's content follows from: see `contentKey`
 * @param write writes a whole safetensors file, with `origin` as its metadata, to the path it is
 *   given. It must let the event loop run every few seconds. What it throws is passed on, and the
 *   file it began is removed
 * @returns the path of the file
 * @throws {SutureError} DISK, INTERRUPTED, and what `write` throws
 * @example
 * const key = await contentKey(entries);
 * const path = await derivedFile('f32', key, { bytes }, (path) =>
 *   streamSafetensors(path, tensors, origin(entries)),
 * );
 */
export async function derivedFile(
  kind: Kind,
  key: string,
  { bytes, signal }: DeriveOptions,
  write: (path: string) => Promise<void>,
): Promise<string> {
  const path = join(cacheDir(), kind, `${key}.safetensors`);
  while (!isWhole(path)) {
    const temporary = `${path}.${hostname()}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      clearAbandoned(path);
      if (!claim(temporary, path)) {
        // Not all at once again, where several met.
        await delay(100 + Math.random() * 200, undefined, { signal });
        continue;
      }
      ensureRoom(path, bytes);
      await writeKept(temporary, path, write);
    } catch (thrown) {
      discard(temporary);
      throw explained(thrown, path, signal);
    }
  }
  markUsed(path);
  return path;
}

/** Whether the file is there and all of it: a disk that lost power may keep a name without content. */
function isWhole(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    readSafetensorsHeader(path);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof SutureError) || thrown.code !== 'BAD_CHECKPOINT') throw thrown;
    rmSync(path, { force: true });
    return false;
  }
}

/**
 * Begins a temporary file, unless another process is at work on the same file. Of several that
 * begin in the same moment each sees another, all step back, and they try again.
 */
function claim(temporary: string, path: string): boolean {
  const others = () =>
    temporariesOf(path).some((other) => other !== temporary && stateOf(other) === 'written');
  if (others()) return false;
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(temporary, 'wx'));
  if (!others()) return true;
  rmSync(temporary, { force: true });
  return false;
}

async function writeKept(
  temporary: string,
  path: string,
  write: (path: string) => Promise<void>,
): Promise<void> {
  const freshen = setInterval(() => touch(temporary), FRESHEN_MS);
  try {
    await write(temporary);
  } finally {
    clearInterval(freshen);
  }
  // Taken for abandoned while this process was stopped: the caller begins again.
  if (!existsSync(temporary)) return;
  const descriptor = openSync(temporary, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}

function ensureRoom(path: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = bavail * bsize;
  if (free >= bytes) return;
  const gigabytes = (n: number) => `${(n / 1e9).toFixed(1)} GB`;
  throw new SutureError(
    'DISK',
    `Could not write ${path}: it takes ${gigabytes(bytes)}, and the disk has ${gigabytes(free)} left.`,
  );
}

function explained(thrown: unknown, path: string, signal?: AbortSignal): SutureError {
  if (signal?.aborted) return new SutureError('INTERRUPTED', 'Interrupted.', { cause: thrown });
  const error = fileError(thrown, 'write', path);
  if (error.code !== 'DISK') return error;
  return new SutureError(
    'DISK',
    `${error.message} Weights made from checkpoints are kept there; "suture cache prune" frees space, and SUTURE_CACHE names another folder.`,
    { cause: thrown },
  );
}

const TEMPORARY = /\.safetensors\.(.+)\.(\d+)\.[0-9a-f]{8}\.tmp$/;

/** Temporary files in a folder of the store. */
export function temporariesIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => TEMPORARY.test(name))
    .map((name) => join(dir, name));
}

const temporariesOf = (path: string) =>
  temporariesIn(dirname(path)).filter((name) => basename(name).startsWith(`${basename(path)}.`));

/** Whether a temporary file is being written, or its writer is gone and it can be removed. */
export function stateOf(temporary: string): 'written' | 'abandoned' {
  const [, host, pid] = TEMPORARY.exec(temporary)!;
  if (host === hostname() && !isAlive(Number(pid))) return 'abandoned';
  const age = Date.now() - (statSync(temporary, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return age < STALE_MS ? 'written' : 'abandoned';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'; // it is there, and another user's
  }
}

function clearAbandoned(path: string): void {
  for (const temporary of temporariesOf(path)) {
    if (stateOf(temporary) === 'abandoned') rmSync(temporary, { force: true });
  }
}

/** The time of a kept file is when it was last used. */
const markUsed = touch;

/** Where the folder cannot be written to, a file in it can still be used. */
function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Its age is then only judged too great.
  }
}
