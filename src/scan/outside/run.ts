import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SutureError } from '../../core/index.js';
import type { SourceLanguage } from '../types.js';
import type { Analyser, Output, OutsideReport, OutsideTarget } from './analyser.js';
import { bandit } from './bandit.js';
import { clang } from './clang.js';
import { codeql } from './codeql.js';
import { cppcheck } from './cppcheck.js';
import { flawfinder } from './flawfinder.js';
import { gcc } from './gcc.js';
import { semgrep } from './semgrep.js';

/** All analysers that are known, by name. */
export const ANALYSERS: readonly Analyser[] = [
  bandit,
  clang,
  codeql,
  cppcheck,
  flawfinder,
  gcc,
  semgrep,
];

/** Milliseconds that one program may take, and bytes that it may print. */
const LONGEST = 600_000;
const MOST_OUTPUT = 2 ** 28;

/** Whether an analyser is here, and which it is. */
export interface Installed {
  name: string;
  /** Undefined where it is not installed. */
  version: string | undefined;
  languages: readonly SourceLanguage[];
  /** How to get it. */
  install: string;
}

/** Which analysers are installed. */
export function installedAnalysers(): Installed[] {
  return ANALYSERS.map(({ name, languages, program, install, version }) => {
    const { stdout, stderr, error } = spawnSync(program, ['--version'], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    const found = error ? undefined : (version.exec(`${stdout}\n${stderr}`)?.[1] ?? 'unknown');
    return { name, version: found, languages, install };
  });
}

export interface OutsideOptions {
  /** Rules for analysers that have none of their own (Semgrep): a file or folder. */
  rules?: string;
  signal?: AbortSignal;
}

/**
 * Runs an analyser over files. It is started without a shell, in an empty folder of its own that is removed
 * afterwards; the sources are read where they are, and nothing of them is run.
 *
 * @param name of one of `ANALYSERS`
 * @returns its findings; `failed` where it crashed, ran out of time or printed what cannot be read
 * @throws {SutureError} NOT_FOUND where it is not installed; INTERRUPTED when the signal fires
 */
export async function runAnalyser(
  name: string,
  targets: readonly OutsideTarget[],
  { rules, signal }: OutsideOptions = {},
): Promise<OutsideReport> {
  const analyser = ANALYSERS.find((one) => one.name === name)!;
  const installed = installedAnalysers().find((one) => one.name === name)!;
  if (installed.version === undefined) {
    throw new SutureError('NOT_FOUND', `${name} is not installed. ${analyser.install}.`);
  }
  const own = targets.filter(({ language }) => analyser.languages.includes(language));
  const report = { tool: name, version: installed.version };
  const dir = mkdtempSync(join(tmpdir(), 'suture-outside-'));
  try {
    if (own.length === 0) return { ...report, status: 'ok', findings: [] };
    const run = (program: string, args: readonly string[]) =>
      runProgram(program, args, dir, signal);
    const { findings, unread } = await analyser.analyse(own, { dir, rules, run });
    const given = new Map(own.map(({ file, path }) => [file, path]));
    return {
      ...report,
      status: 'ok',
      ...(unread !== undefined && { reason: unread }),
      findings: findings.map((one) => ({ ...one, path: given.get(one.path) ?? one.path })),
    };
  } catch (thrown) {
    if (signal?.aborted) throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: thrown });
    return { ...report, status: 'failed', reason: messageOf(thrown), findings: [] };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST,
      ...(signal && { signal }),
      env: { ...process.env, LC_ALL: 'C', SEMGREP_SEND_METRICS: 'off' },
    });
    const pieces: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    let bytes = 0;
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > MOST_OUTPUT) child.kill('SIGKILL');
        else pieces[stream].push(piece);
      });
    }
    child.once('error', reject);
    child.once('close', (code, killed) => {
      if (killed) {
        const why = bytes > MOST_OUTPUT ? 'printed too much' : `was ended by ${killed}`;
        reject(new SutureError('ENGINE', `${program} ${why}.`));
        return;
      }
      const text = (stream: 'stdout' | 'stderr') => Buffer.concat(pieces[stream]).toString('utf8');
      resolve({ code: code ?? 0, stdout: text('stdout'), stderr: text('stderr') });
    });
  });
}
