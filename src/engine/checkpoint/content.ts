import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as eventLoop } from 'node:timers/promises';
import { z } from 'zod';
import { fileError, readJson, SutureError, sha256, writeFileAtomic } from '../../core/index.js';
import type { TensorEntry } from '../../tensor/index.js';
import { cacheDir } from './store.js';

/** Told of long work: what is done (with its unit), how far it is, and of how much. */
export type OnProgress = (stage: string, done: number, total: number) => void;

export interface WorkOptions {
  onProgress?: OnProgress | undefined;
  /** Ends the work with an INTERRUPTED error. Defaults to none. */
  signal?: AbortSignal | undefined;
}

/**
 * Names the content of weights wherever they lie: SHA-256 over the content of their files and what
 * is read from each. What is made from them in the same way is the same, byte by byte.
 *
 * @throws {SutureError} NOT_FOUND, DISK, INTERRUPTED
 */
export async function contentKey(
  entries: readonly TensorEntry[],
  options: WorkOptions = {},
): Promise<string> {
  const files = [...new Set(entries.map(({ file }) => file))];
  const hashes = new Map<string, string>();
  for (const file of files) hashes.set(file, await fileHash(file, options));
  const layout = entries.map(({ name, dtype, dims, file, offset }) => {
    return [name, dtype, dims, hashes.get(file), offset];
  });
  return sha256(JSON.stringify(layout));
}

const remembered = z.object({
  path: z.string(),
  size: z.number(),
  modified: z.number(),
  inode: z.number(),
  sha256: z.string(),
});

/**
 * SHA-256 of a file. The hub's cache names large files by it; others are read once, and the result
 * is remembered for as long as path, size, time and inode stay what they were.
 */
export async function fileHash(path: string, options: WorkOptions = {}): Promise<string> {
  const file = realpathSync(path);
  const blob = /[/\\]blobs[/\\]([0-9a-f]{64})$/.exec(file);
  if (blob) return blob[1]!;
  const { size, mtimeMs: modified, ino: inode } = statSync(file);
  const known = join(hashDir(), `${sha256(file).slice(0, 32)}.json`);
  const old = readRemembered(known);
  if (old && old.size === size && old.modified === modified && old.inode === inode) {
    return old.sha256;
  }
  const hash = await readHash(file, size, options);
  try {
    writeFileAtomic(
      known,
      JSON.stringify({ path: file, size, modified, inode, sha256: hash } satisfies z.infer<
        typeof remembered
      >),
    );
  } catch {
    // Where nothing can be kept it is read again the next time.
  }
  return hash;
}

/** Where hashes of files are remembered. */
export const hashDir = () => join(cacheDir(), 'hashes');

/** What is remembered of a file; a damaged note is as good as none. */
export function readRemembered(path: string): z.infer<typeof remembered> | undefined {
  try {
    return remembered.parse(readJson(path));
  } catch {
    return undefined;
  }
}

async function readHash(
  file: string,
  size: number,
  { onProgress, signal }: WorkOptions,
): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(4 << 20);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    for (let done = 0; ; ) {
      const count = readSync(descriptor, piece);
      if (count === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, count));
      done += count;
      onProgress?.('read weights (MB)', Math.round(done / 1e6), Math.round(size / 1e6));
      await eventLoop();
      if (signal?.aborted) {
        throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
      }
    }
  } catch (thrown) {
    throw fileError(thrown, 'read', file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
