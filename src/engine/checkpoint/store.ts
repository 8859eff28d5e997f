// Files that are made from a checkpoint once and kept: its weights as float32, or quantised.
//
//   <cache>/<kind>/<key>.safetensors
//
// A file there is whole and is never changed again; `temporary.ts` says what else can lie beside it.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { discard, fileError, SutureError } from '../../core/index.js';
import { readSafetensorsHeader, type TensorEntry } from '../../tensor/index.js';
import { aMoment, claim, owning, touch } from './temporary.js';

/** What a kept file holds: weights in this precision. */
export const KINDS = ['f32', 'int8', 'int4'] as const;
export type Kind = (typeof KINDS)[number];

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
  try {
    while (!isWhole(path)) {
      const temporary = claim(path, '.tmp');
      if (temporary === undefined) {
        await aMoment(signal);
        continue;
      }
      try {
        if (isWhole(path)) break; // the last owner finished between the two looks
        ensureRoom(path, bytes);
        await owning(temporary, () => write(temporary));
        // It is gone where it was taken for abandoned, while this process was stopped.
        if (existsSync(temporary)) keep(temporary, path);
      } finally {
        discard(temporary);
      }
    }
  } catch (thrown) {
    throw explained(thrown, path, signal);
  }
  touch(path); // the time of a kept file is when it was last used
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

function keep(temporary: string, path: string): void {
  const descriptor = openSync(temporary, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}

/** Refuses what the disk has no room for. */
export function ensureRoom(path: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const gigabytes = (n: number) => `${(n / 1e9).toFixed(1)} GB`;
  if (bavail * bsize >= bytes) return;
  throw new SutureError(
    'DISK',
    `Could not write ${path}: it takes ${gigabytes(bytes)}, and the disk has ${gigabytes(bavail * bsize)} left.`,
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
