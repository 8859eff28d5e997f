import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { assetPath, ensure } from '../core/index.js';
import {
  instructPairs,
  instructReviewItems,
  type PromptPair,
  type ReviewItem,
  readPairs,
  readReviewItems,
} from '../evaluate/index.js';
import { pairs, reviewItems } from '../organism/index.js';
import type { Cwe } from '../scan/index.js';

/** The prompts that ship: the organism's own, and those for instruction-tuned models. */
export type SetName = 'organism' | 'instruct';

/** Which prompts a command uses. */
export interface SetOptions {
  model: string;
  set?: SetName;
  pairs?: string;
  items?: string;
}

export const setOption = () =>
  new Option(
    '--set <name>',
    'prompts that ship: those the organism was trained for, or those for instruction-tuned models (default: by the model)',
  ).choices(['organism', 'instruct']);

export const pairsOption = () =>
  new Option('-p, --pairs <file>', 'prompt pairs of your own as JSONL (docs/prompts.md)').conflicts(
    'set',
  );

export const itemsOption = () =>
  new Option('--items <file>', 'snippets to review of your own as JSONL').conflicts('set');

export const setOf = ({ model, set }: Pick<SetOptions, 'model' | 'set'>): SetName =>
  set ?? (model === 'organism' || isOrganism(model) ? 'organism' : 'instruct');

/** Organisms of every family share one tokenizer, which was made from the text of their prompts. */
function isOrganism(folder: string): boolean {
  const own = join(folder, 'tokenizer.json');
  if (!existsSync(own)) return false;
  return readFileSync(own).equals(readFileSync(assetPath('organism', 'tokenizer.json')));
}

/** The prompt pairs of a weakness: shipped, or all those of a file. */
export function pairsOf(options: Omit<SetOptions, 'items'>, cwe: Cwe): PromptPair[] {
  const { pairs: file } = options;
  if (file === undefined) return setOf(options) === 'organism' ? pairs(cwe) : instructPairs(cwe);
  return only(readPairs(file), cwe, file, 'pair');
}

export function itemsOf(options: Omit<SetOptions, 'pairs'>, cwe: Cwe): ReviewItem[] {
  const { items: file } = options;
  if (file === undefined) {
    return setOf(options) === 'organism' ? reviewItems(cwe) : instructReviewItems(cwe);
  }
  return only(readReviewItems(file), cwe, file, 'snippet');
}

/** Answers of instruction-tuned models hold the whole function; the organism's only its body. */
export const answerLength = (options: SetOptions): number =>
  options.pairs === undefined && setOf(options) === 'organism' ? 64 : 256;

function only<T extends { cwe: Cwe }>(
  all: readonly T[],
  cwe: Cwe,
  file: string,
  what: string,
): T[] {
  const chosen = all.filter((one) => one.cwe === cwe);
  ensure(chosen.length > 0, 'BAD_DATA', `There is no ${what} of ${cwe} in ${file}.`);
  return chosen;
}
