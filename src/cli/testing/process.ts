import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm test` builds it first. */
export const bin = fileURLToPath(new URL('../../../bin/suture.js', import.meta.url));

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface ProcessOptions {
  /** Where it runs, and keeps its cache. */
  cwd: string;
  /** What it reads from standard input. Defaults to nothing. */
  input?: string;
  /** Sends a signal when a text appears on standard error. */
  stop?: { at: string; signal: 'SIGINT' | 'SIGKILL' } | undefined;
  /** Kills it without warning as soon as this holds. */
  killWhen?: (() => boolean) | undefined;
}

/** The command line as a process, as users meet it. */
export async function sutureProcess(
  args: readonly string[],
  { cwd, input = '', stop, killWhen }: ProcessOptions,
): Promise<Ended> {
  const env = { ...process.env, SUTURE_CACHE: join(cwd, 'cache'), NO_COLOR: '1' };
  const child = spawn(process.execPath, [bin, ...args], { cwd, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
    if (!child.killed && stop && err.includes(stop.at)) child.kill(stop.signal);
  });
  child.stdin.on('error', () => {}); // it may end before it has read all
  child.stdin.end(input);
  const watch =
    killWhen &&
    setInterval(() => {
      if (killWhen()) child.kill('SIGKILL');
    }, 2);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  return { code, out, err };
}
