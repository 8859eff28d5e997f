import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fileError, SutureError } from '../../core/index.js';
import { readSafetensorsHeader } from '../../tensor/index.js';
import { hashDir, readRemembered } from './content.js';
import { cacheDir, KINDS, type Kind } from './store.js';
import { isAbandoned, temporariesIn } from './temporary.js';

/** A file of the cache of derived weights. */
export interface KeptFile {
  path: string;
  kind: Kind;
  /** `whole`: of use; `writing`: another process is at it; `abandoned`: begun and never finished. */
  state: 'whole' | 'writing' | 'abandoned';
  /** The model it was first made from, `unknown` where the file does not say. */
  model: string;
  /** Whether that model's files are still where they were. */
  sourceExists: boolean;
  bytes: number;
  lastUsed: Date;
}

export interface PruneOptions {
  /** Removes whole files of every age and source. Defaults to false. */
  all?: boolean;
  /** Removes whole files that have not been used for so many milliseconds. Defaults to none. */
  olderThan?: number | undefined;
  /** Removes nothing, and says what would be. Defaults to false. */
  dryRun?: boolean;
}

/** What the cache of derived weights holds, the last used first. */
export function keptFiles(): KeptFile[] {
  return KINDS.flatMap((kind) => {
    const dir = join(cacheDir(), kind);
    const temporaries = temporariesIn(dir).flatMap((path) => describe(path, kind));
    return [...wholeIn(dir).flatMap((path) => describe(path, kind)), ...temporaries];
  }).sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
}

function wholeIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  try {
    const names = readdirSync(dir).filter((name) => name.endsWith('.safetensors'));
    return names.map((name) => join(dir, name));
  } catch (thrown) {
    throw fileError(thrown, 'read', dir);
  }
}

/** Nothing where the file has gone since its name was read. */
function describe(path: string, kind: Kind): KeptFile[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return [];
  const { size: bytes, mtime: lastUsed } = stats;
  if (!path.endsWith('.safetensors')) {
    const state = isAbandoned(path) ? 'abandoned' : 'writing';
    return [{ path, kind, state, model: 'unknown', sourceExists: false, bytes, lastUsed }];
  }
  const { model, sources } = originOf(path);
  const sourceExists = sources.length > 0 && sources.every((file) => existsSync(file));
  return [{ path, kind, state: 'whole', model, sourceExists, bytes, lastUsed }];
}

/** What `origin` wrote; of a damaged file nothing is known. */
function originOf(path: string): { model: string; sources: string[] } {
  try {
    const { model = 'unknown', sources = '[]' } = readSafetensorsHeader(path).metadata;
    return { model, sources: z.array(z.string()).parse(JSON.parse(sources)) };
  } catch {
    return { model: 'unknown', sources: [] };
  }
}

/**
 * Removes what is of no more use: files that were begun and abandoned, and derived weights whose
 * model is gone; and those that the options name. What another process is writing stays; what one
 * has open stays readable for it.
 *
 * @returns the files that were removed
 * @throws {SutureError} DISK
 */
export function pruneKept({ all, olderThan, dryRun }: PruneOptions = {}): KeptFile[] {
  const now = Date.now();
  const useless = keptFiles().filter(({ state, sourceExists, lastUsed }) => {
    if (state !== 'whole') return state === 'abandoned';
    const isOld = olderThan !== undefined && now - lastUsed.getTime() > olderThan;
    return all || isOld || !sourceExists;
  });
  if (!dryRun) {
    for (const { path } of useless) remove(path);
    for (const note of forgotten()) remove(note);
  }
  return useless;
}

/** Remembered hashes of files that have changed or gone. */
function forgotten(): string[] {
  if (!existsSync(hashDir())) return [];
  const notes = readdirSync(hashDir()).map((name) => join(hashDir(), name));
  return notes.filter((note) => {
    const known = readRemembered(note);
    const stats = known && statSync(known.path, { throwIfNoEntry: false });
    return !stats || stats.size !== known.size || stats.mtimeMs !== known.modified;
  });
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (thrown) {
    throw new SutureError('DISK', fileError(thrown, 'remove', path).message, { cause: thrown });
  }
}
