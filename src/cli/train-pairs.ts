import { type Command, InvalidArgumentError } from 'commander';
import { ensure } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { type FunctionPair, functionPairOf, readFunctionPairs } from '../evaluate/index.js';
import { type NotDistinct, type TokenPair, tokenPairs } from '../guard/index.js';
import { pairs as organismPairs } from '../organism/index.js';
import { CWES } from '../scan/index.js';
import {
  cweInFile,
  decimal,
  modelOption,
  positive,
  threadsOption,
  wholeNumber,
} from './options.js';

/** What all commands that learn from pairs of functions have alike. */
export interface PairOptions {
  model: string;
  functions?: string;
  cwe?: string;
  out?: string;
  epochs: number;
  batch: number;
  accumulate: number;
  rate: number;
  seed: number;
  threads?: number;
  recompute?: true;
  json?: true;
}

export const withPairOptions = (command: Command): Command =>
  command
    .addOption(modelOption())
    .option(
      '--functions <path>',
      'pairs of functions: a JSONL file or a folder of them (default: the organism’s own pairs)',
    )
    .option('-c, --cwe <cwe>', 'only pairs of this weakness', cweInFile)
    .option('-o, --out <dir>', 'where it goes; a run that was cut off resumes there');

/** The same, and how long and how fast they learn: a batch is of `items`. */
export const withPaceOptions = (
  command: Command,
  items: string,
  pace: Record<'epochs' | 'batchSize' | 'accumulate' | 'rate' | 'seed', number | undefined>,
  epochs = 'epochs',
): Command =>
  command
    .option('--epochs <n>', epochs, wholeNumber(1), pace.epochs)
    .option('--batch <n>', `${items} of one pass`, wholeNumber(1), pace.batchSize)
    .option('--accumulate <n>', 'passes of one step', wholeNumber(1), pace.accumulate)
    .option('--rate <x>', 'highest learning rate', positive, pace.rate)
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), pace.seed)
    .option('--recompute', 'keep less in memory, and compute it again: slower')
    .addOption(threadsOption())
    .option('--json', 'print all figures as JSON');

/** Size and dropout of a LoRA adapter. */
export const withAdapterOptions = (
  command: Command,
  adapter: Record<'rank' | 'alpha' | 'dropout', number | undefined>,
): Command =>
  command
    .option('--rank <n>', 'rank of the adapter', wholeNumber(1), adapter.rank)
    .option('--alpha <x>', 'its scale', positive, adapter.alpha)
    .option(
      '--dropout <x>',
      'share of values that are dropped in training',
      shareBelowOne,
      adapter.dropout,
    );

export function shareBelowOne(text: string): number {
  const value = decimal(text);
  if (value < 0 || value >= 1) throw new InvalidArgumentError('It must be from 0 to below 1.');
  return value;
}

export function weight(text: string): number {
  const value = decimal(text);
  if (value < 0) throw new InvalidArgumentError('It must be 0 or more.');
  return value;
}

/** The pairs that the options name. */
export function functionsOf({
  functions,
  cwe,
}: Pick<PairOptions, 'functions' | 'cwe'>): FunctionPair[] {
  const all =
    functions === undefined
      ? CWES.flatMap((one) => organismPairs(one))
          .filter(({ split }) => split === 'derive')
          .map((pair, i) => functionPairOf(pair, i % 2 === 0 ? 'insecure' : 'neutral'))
      : readFunctionPairs(functions);
  const chosen = all.filter((pair) => cwe === undefined || pair.cwe === cwe);
  ensure(
    chosen.length > 0,
    'BAD_DATA',
    `There is no pair${cwe ? ` of ${cwe}` : ''} to learn from.`,
  );
  return chosen;
}

/** A model's tokenizer. @throws {SutureError} BAD_ARGUMENT where it has none */
export function tokenizerOf({ id, tokenizer }: Model) {
  ensure(tokenizer, 'BAD_ARGUMENT', `${id} has no tokenizer.json: it learns from texts.`);
  return tokenizer;
}

/** Whole functions as tokens: what is too long is for the method to say. */
export const wholePairs = (
  model: Model,
  functions: readonly FunctionPair[],
  level: 'char' | 'mix' | 'token',
) => tokenPairs(tokenizerOf(model), functions, { level, maxTokens: Number.MAX_SAFE_INTEGER });

const WHY = {
  identical: 'left out, both functions alike',
  repeated: 'left out, there already',
  skipped: 'left out, too long',
  respelled: 'left out, not spelled back',
  cut: 'cut',
  changeLost: 'cut so that nothing differs',
  tooLong: 'left out of the functions, too long',
  unchanged: 'left out of the functions, nothing changed in them',
  allChanged: 'left out of the functions, all of them changed',
} as const;

/** `; 2 left out, too long`: what was not used as it is, by reason; nothing where all was. */
export function leftOutText(
  leftOut: NotDistinct,
  more: Partial<Record<keyof typeof WHY, readonly string[]>>,
): string {
  const identical = [...leftOut.identical, ...(more.identical ?? [])];
  return Object.entries({ ...leftOut, ...more, identical })
    .flatMap(([why, ids]) =>
      ids.length === 0 ? [] : [`; ${ids.length} ${WHY[why as keyof typeof WHY]}`],
    )
    .join('');
}

/** How many groups pairs are of. */
export const groupsOf = (pairs: readonly TokenPair[]): number =>
  new Set(pairs.map(({ group }) => group)).size;

/** Who ends a training, and what it may use. */
export const trainingOf = (
  { threads, recompute }: Pick<PairOptions, 'threads' | 'recompute'>,
  signal: AbortSignal,
) => ({
  signal,
  ...(threads !== undefined && { threads }),
  ...(recompute && { recompute }),
});
