// Temporary files that have one process as their owner, without a lock that could be left behind.
//
//   <path>.<host>.<process id>.<random>.tmp or .incomplete
//
// The owner keeps its file's time fresh; others wait while there is a fresh one, and take over what
// was abandoned. Only a whole file takes the final name, by a rename, so a wrong guess about who is
// still there costs work and never a file.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { discard } from '../../core/index.js';

/** A `.tmp` file is begun anew when it was abandoned; an `.incomplete` one is continued. */
export type Suffix = '.tmp' | '.incomplete';

/** How often an owner freshens its file, and how old a file is when its owner counts as gone. */
const FRESHEN_MS = 2_000;
const STALE_MS = 60_000;

const NAME = /\.([\w-]+)\.(\d+)\.[0-9a-f]{8}\.(tmp|incomplete)$/;
const HOST = hostname().replace(/[^\w-]/g, '_');

/** The process id in the name of a file that its owner has let go. */
const NOBODY = 0;

const nameFor = (path: string, pid: number, suffix: Suffix) =>
  `${path}.${HOST}.${pid}.${randomBytes(4).toString('hex')}${suffix}`;

/** The temporary files in a folder. */
export function temporariesIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const names = readdirSync(dir).filter((name) => NAME.test(name));
  return names.map((name) => join(dir, name));
}

function temporariesOf(path: string): string[] {
  const isOwn = (name: string) => basename(name).replace(NAME, '') === basename(path);
  return temporariesIn(dirname(path)).filter(isOwn);
}

/** Whether the owner of a temporary file is gone. */
export function isAbandoned(temporary: string): boolean {
  const [, host, pid] = NAME.exec(temporary)!;
  if (Number(pid) === NOBODY) return true;
  if (host === HOST && !isAlive(Number(pid))) return true;
  return ageOf(temporary) > STALE_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'; // it is there, and another user's
  }
}

/** Milliseconds since a file was written to; those of a file that is gone are without end. */
function ageOf(path: string): number {
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return modified === undefined ? Number.POSITIVE_INFINITY : Date.now() - modified;
}

/**
 * Becomes the owner of a temporary file for `path`: an abandoned one where it can be continued,
 * else an empty one. Of several processes that try in the same moment each sees another, and all
 * step back: wait `aMoment` and try again.
 *
 * @returns its path, or nothing while another process is at work
 */
export function claim(path: string, suffix: Suffix): string | undefined {
  mkdirSync(dirname(path), { recursive: true });
  if (temporariesOf(path).some((other) => !isAbandoned(other))) return undefined;
  const own = (suffix === '.incomplete' && adopt(path)) || begin(path, suffix);
  if (!temporariesOf(path).some((other) => other !== own && !isAbandoned(other))) return own;
  if (suffix === '.incomplete') release(own);
  else discard(own);
  return undefined;
}

function begin(path: string, suffix: Suffix): string {
  if (suffix === '.tmp') clearAbandoned(path);
  const own = nameFor(path, process.pid, suffix);
  closeSync(openSync(own, 'wx'));
  return own;
}

/** Removes what was begun for a file and abandoned. */
export function clearAbandoned(path: string): void {
  for (const old of temporariesOf(path)) if (isAbandoned(old)) discard(old);
}

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** How many bytes of a file are there already, whoever got them. */
export const begunBytes = (path: string) => Math.max(0, ...temporariesOf(path).map(sizeOf));

/** Takes over the longest of the files that were abandoned. */
function adopt(path: string): string | undefined {
  const left = temporariesOf(path).sort((a, b) => sizeOf(b) - sizeOf(a));
  for (const old of left) {
    const own = nameFor(path, process.pid, '.incomplete');
    try {
      touch(old); // fresh before it has an owner, so that nobody takes it from the new one
      renameSync(old, own);
      return own;
    } catch {
      // Another process was faster.
    }
  }
  return undefined;
}

/** Lets an `.incomplete` file go, for any process to continue; an empty one is removed. */
export function release(temporary: string): void {
  const size = statSync(temporary, { throwIfNoEntry: false })?.size;
  if (size === undefined) return;
  if (size === 0) discard(temporary);
  else renameSync(temporary, nameFor(temporary.replace(NAME, ''), NOBODY, '.incomplete'));
}

/** Runs `work`, during which other processes see that the file has an owner. */
export async function owning(temporary: string, work: () => Promise<void>): Promise<void> {
  touch(temporary);
  const freshen = setInterval(() => touch(temporary), FRESHEN_MS);
  try {
    await work();
  } finally {
    clearInterval(freshen);
  }
}

/** A short while, not the same for all. */
export const aMoment = (signal?: AbortSignal) =>
  delay(100 + Math.random() * 200, undefined, signal ? { signal } : {});

/** Sets a file's time to now. */
export function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Where that is not allowed the file only looks older than it is.
  }
}
