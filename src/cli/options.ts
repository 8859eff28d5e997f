import { type Command, InvalidArgumentError, Option } from 'commander';
import { ensure, readText } from '../core/index.js';
import { DTYPES, type ModelIdentity, PROVIDERS } from '../engine/index.js';
import { cweName } from '../evaluate/index.js';
import { CWES, type Cwe } from '../scan/index.js';
import {
  applyVectors,
  COMBINATIONS,
  type Combination,
  readVector,
  vectorTexts,
} from '../steer/index.js';

/** Parsers of option values; a wrong one is a wrong command line. */
export function wholeNumber(least: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    }
    return value;
  };
}

export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new InvalidArgumentError('It must be a number.');
  }
  return value;
}

export function integer(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}

/** `12`, `1-31`, `1-3,8`: layers in their order, each once. */
export function layerList(text: string): number[] {
  const layers = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(last) < Number(first)) {
      throw new InvalidArgumentError('It must be like 12, 1-31 or 1-3,8.');
    }
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
  });
  return [...new Set(layers)].sort((a, b) => a - b);
}

export function positive(text: string): number {
  const value = decimal(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

export function share(text: string): number {
  const value = decimal(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError('It must be from 0 to 1.');
  return value;
}

/** Names of a set, by commas. */
export const namesOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T[] =>
    text.split(',').map((given) => {
      const found = known.find((name) => name === given.trim());
      if (!found) throw new InvalidArgumentError(`There are ${known.join(', ')}.`);
      return found;
    });

/** `30d`, `12h`: milliseconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d+)([hdw])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It must be like 12h, 30d or 8w.');
  const hours = { h: 1, d: 24, w: 168 }[unit as 'h' | 'd' | 'w'];
  return Number(count) * hours * 3_600_000;
}

/** `787`, `cwe-787` and `CWE-787` all name CWE-787. */
export function cwe(text: string): Cwe {
  const digits = text.replace(/^cwe-?/i, '').padStart(3, '0');
  const known = CWES.find((name) => name === `CWE-${digits}`);
  if (!known) throw new InvalidArgumentError(`There are ${CWES.join(', ')}.`);
  return known;
}

/** A weakness as a file of pairs names it, which may be any. */
export function cweInFile(text: string): string {
  if (!/^(cwe-?)?\d+$/i.test(text)) throw new InvalidArgumentError('It must be like CWE-787.');
  return cweName(text);
}

/** One of the weaknesses that prompts ship for: CWE-787 where none is named. */
export function knownCwe(name = 'CWE-787'): Cwe {
  const known = CWES.find((one) => one === name);
  ensure(known, 'BAD_ARGUMENT', `No prompts ship for ${name}: there are ${CWES.join(', ')}.`);
  return known;
}

export const modelOption = () =>
  new Option(
    '-m, --model <model>',
    'folder of a model in Hugging Face layout, org/name of one that was pulled, or "organism", the small model that ships',
  )
    .default('organism')
    .env('SUTURE_MODEL');

export const threadsOption = () =>
  new Option('--threads <n>', 'threads of the engine (default: the number of cores)')
    .argParser(wholeNumber(1))
    .env('SUTURE_THREADS');

export const dtypeOption = () =>
  new Option('--dtype <dtype>', 'precision of the weights')
    .choices(DTYPES)
    .default('f32')
    .env('SUTURE_DTYPE');

export const deviceOption = () =>
  new Option('--device <device>', 'what to compute on')
    .choices(PROVIDERS)
    .default('cpu')
    .env('SUTURE_DEVICE');

/** How a steering vector is applied. */
export interface StrengthOptions {
  strength?: number;
  force?: true;
  allowNegative?: true;
  signedBy?: string;
}

/** Options of every command that applies a steering vector. */
export const withStrengthOptions = (command: Command): Command =>
  command
    .option(
      '--strength <x>',
      'multiple of the vector (default: the one it was evaluated at)',
      decimal,
    )
    .option('--force', 'apply a vector that was made for another model')
    .option(
      '--allow-negative',
      'take a strength below 0: a repair turned round makes a model less secure',
    )
    .addOption(signedByOption());

export const signedByOption = () =>
  new Option(
    '--signed-by <pem>',
    'refuse a vector that was not signed with the private half of this public key',
  ).argParser(readText);

/** How one or several vectors are applied while a model writes. */
export interface VectorOptions extends StrengthOptions {
  vector?: string[];
  combine: Combination;
  share?: number;
  keepNorm?: true;
  halfLife?: number;
}

/** The same where there may be vectors or none. */
export const withVectorOptions = (command: Command): Command =>
  withStrengthOptions(
    command
      .option(
        '-v, --vector <file>',
        'a steering vector written by "suture repair"; may be repeated',
        (file: string, others: string[] = []) => [...others, file],
      )
      .addOption(
        new Option('--combine <rule>', 'where several vectors act at one layer')
          .choices(COMBINATIONS)
          .default('sum'),
      ),
  )
    .option('--share <x>', 'in place of a multiple: share of the length of the stream', decimal)
    .option('--keep-norm', 'turn the stream without making it longer')
    .option('--half-life <n>', 'halve the strength every so many tokens', decimal);

/** The edits that the options ask for, and what a run records of them: null where no vector is given. */
export function vectorsOf(options: VectorOptions, model: ModelIdentity) {
  const { vector = [], combine: rule, strength, share, keepNorm, halfLife } = options;
  const files = vector.map(readVector);
  return {
    interventions: applyVectors(files, model, { ...options, rule }),
    record:
      files.length === 0
        ? null
        : { vectors: files.map(vectorTexts), rule, strength, share, keepNorm, halfLife },
  };
}
