import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, fileError, readJsonLines } from '../../core/index.js';
import type { LensPair } from '../lens/read.js';
import type { ProbePair } from './examples.js';

const TEXT = z.string().min(1);

/** A line of a file of prompt pairs; other fields are left alone. */
const PROMPTS = z.looseObject({
  id: TEXT,
  base: TEXT,
  cwe: z.string().optional(),
  prompts: z.looseObject({ insecure: TEXT, secure: TEXT, neutral: TEXT.optional() }),
  bodies: z.looseObject({ insecure: TEXT, secure: TEXT }).optional(),
});

/** What is used of a row of SVEN. */
const FUNCTIONS = z.looseObject({
  func_name: z.string(),
  func_src_before: TEXT,
  func_src_after: TEXT,
  commit_link: TEXT,
  vul_type: TEXT,
});

/** A pair as it was read, with the weakness that it names. */
export interface PairInFile {
  pair: ProbePair;
  /** `CWE-089`; undefined where none is named. */
  cwe: string | undefined;
}

/**
 * Prompt pairs from a JSONL file (docs/diagnosis.md has the form).
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line
 */
export function readPromptPairs(path: string): PairInFile[] {
  return readJsonLines(path, PROMPTS, 'pair').map(({ id, base, cwe, prompts, bodies }) => ({
    cwe: cwe === undefined ? undefined : cweName(cwe),
    pair: {
      id,
      group: base,
      kind: 'prompt',
      vulnerable: prompts.insecure,
      secure: prompts.secure,
      ...(bodies && { bodies: { vulnerable: bodies.insecure, secure: bodies.secure } }),
    },
  }));
}

/**
 * The same pairs with what the lens needs: bodies, and neutral prompts where all have them.
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line, or the pair without bodies
 */
export function readLensPairs(path: string): { pair: LensPair; cwe: string | undefined }[] {
  return readJsonLines(path, PROMPTS, 'pair').map(({ id, base, cwe, prompts, bodies }) => {
    ensure(bodies, 'BAD_DATA', `${path}: the pair ${id} has no bodies; the lens compares them.`);
    const { insecure, secure, neutral } = prompts;
    return {
      cwe: cwe === undefined ? undefined : cweName(cwe),
      pair: { id, base, bodies, prompts: { insecure, secure, ...(neutral && { neutral }) } },
    };
  });
}

/**
 * Pairs of functions before and after a fix, from a folder of JSONL files as SVEN lays them out
 * (He & Vechev 2023), subfolders included. A repository is the owner and name in `commit_link`.
 *
 * @throws {SutureError} NOT_FOUND, DISK; BAD_DATA naming the line
 */
export function readSvenPairs(folder: string): PairInFile[] {
  const files = jsonLinesIn(folder);
  ensure(files.length > 0, 'NOT_FOUND', `There is no .jsonl file in ${folder}.`);
  return files.flatMap((path) =>
    readJsonLines(path, FUNCTIONS, 'pair').map((row, i) => ({
      cwe: cweName(row.vul_type),
      pair: {
        id: `${path}:${i + 1} ${row.func_name}`,
        group: row.commit_link.replace(/^https?:\/\//, '').replace(/\/commits?\/.*$/, ''),
        kind: 'function',
        vulnerable: row.func_src_before,
        secure: row.func_src_after,
      },
    })),
  );
}

/** `cwe-89`, `CWE-089`: CWE-089. */
export const cweName = (text: string): string =>
  `CWE-${text.replace(/^cwe-?/i, '').padStart(3, '0')}`;

function jsonLinesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
      .map((name) => join(folder, name));
  } catch (thrown) {
    throw fileError(thrown, 'read', folder);
  }
}
