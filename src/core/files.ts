import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileError, messageOf, SutureError } from './errors.js';

/** Files that ship with the package: `assetPath('organism')`. */
export function assetPath(...parts: string[]): string {
  return join(fileURLToPath(new URL('../../assets/', import.meta.url)), ...parts);
}

/**
 * Writes a file whole or not at all: to a temporary name beside it, then renamed over it.
 * A failure or an interruption leaves what was there before. Missing folders are made.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  atomically(path, (temporary) => writeFileSync(temporary, data));
}

/** The same of a text in pieces, which are never held all at once. */
export function writePiecesAtomic(path: string, pieces: Iterable<string>): void {
  atomically(path, (temporary) => {
    const file = openSync(temporary, 'w');
    try {
      let waiting = '';
      for (const piece of pieces) {
        waiting += piece;
        if (waiting.length < 2 ** 20) continue;
        writeFileSync(file, waiting);
        waiting = '';
      }
      writeFileSync(file, waiting);
    } finally {
      closeSync(file);
    }
  });
}

function atomically(path: string, write: (temporary: string) => void): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    write(temporary);
    renameSync(temporary, path);
  } catch (thrown) {
    discard(temporary);
    throw fileError(thrown, 'write', path);
  }
}

/** Removes a file if it is there; what stands in the way of that is not what went wrong first. */
export function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The first error is the one to tell.
  }
}

/** Reads a text file; a failure names the path. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

/** Reads and parses a JSON file; malformed JSON names the path and the position. */
export function readJson(path: string): unknown {
  // Editors on Windows put a byte-order mark in front, which JSON does not know.
  const text = readText(path).replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new SutureError('BAD_DATA', `${path} is not valid JSON: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
}

/** Hex SHA-256 of text or bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
