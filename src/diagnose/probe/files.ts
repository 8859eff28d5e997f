import { z } from 'zod';
import { ensure, readJsonLines } from '../../core/index.js';
import { cweName, readFunctionPairs } from '../../evaluate/index.js';
import type { LensPair } from '../lens/read.js';
import type { ProbePair } from './examples.js';

const TEXT = z.string().min(1);

/** A line of a file of prompt pairs; other fields are left alone. */
const PROMPTS = z.looseObject({
  id: TEXT,
  base: TEXT,
  cwe: z.string().optional(),
  split: z.enum(['derive', 'judge']).optional(),
  prompts: z.looseObject({ insecure: TEXT, secure: TEXT, neutral: TEXT.optional() }),
  bodies: z.looseObject({ insecure: TEXT, secure: TEXT }).optional(),
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
  return readJsonLines(path, PROMPTS, 'pair').map(({ id, base, cwe, split, prompts, bodies }) => ({
    cwe: cwe === undefined ? undefined : cweName(cwe),
    pair: {
      id,
      group: base,
      kind: 'prompt',
      split,
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
 * Pairs of functions before and after a fix, from a folder of JSONL files as SVEN lays them out.
 * @throws {SutureError} as `readFunctionPairs`
 */
export const readSvenPairs = (folder: string): PairInFile[] =>
  readFunctionPairs(folder).map(({ id, group, cwe, vulnerable, secure }) => ({
    cwe,
    pair: { id, group, kind: 'function', vulnerable, secure },
  }));
