import { Random } from '../../core/index.js';
import { EXACT, logLoss, type RowFit, type Space, spaceOf } from '../../stats/index.js';
import type { ProbePair } from './examples.js';
import { groupedFolds, INNER_FOLDS, OUTER_FOLDS } from './folds.js';

/** What a probe is to tell apart: two rows for each pair, one of each kind. */
export interface Labelled {
  /** True for the vulnerable twin. */
  vulnerable: readonly boolean[];
  /** The base or repository of each row. Folds never part one. */
  groups: readonly string[];
  /** The pair of each row, from 0. */
  pairs: readonly number[];
  /** What each row is for: to be fitted to, to be judged, or, by default, both. */
  splits?: readonly (ProbePair['split'] | undefined)[];
}

/** Whether wordings are held out too: there are rows for fitting and others for judging. */
export const holdsOutForms = ({ splits = [] }: Pick<Labelled, 'splits'>): boolean =>
  splits.includes('derive') && splits.includes('judge');

/** The rows that are judged. */
export const judgedRows = (data: Labelled): number[] =>
  [...data.vulnerable.keys()].filter(
    (row) => !holdsOutForms(data) || data.splits![row] !== 'derive',
  );

/**
 * Strengths of the penalty that are tried, in units of the number of columns (which is the mean squared
 * length of a standardised row), strongest first.
 */
export const PENALTIES = [10, 1, 0.1, 0.01, 0.001] as const;

/** Choosing among penalties ten apart, and chance's own score, need no ninth digit. */
const ROUGH = 1e-2;

/** Log-odds of rows that the probe which gives them never saw. */
export interface Held {
  /** Of `judgedRows`, in their order: [judged]. */
  logOdds: Float64Array;
  /** The same for each set of shuffled labels. */
  shuffled: Float64Array[];
  /** The chosen penalty of each fold, of `PENALTIES`. */
  penalties: number[];
}

/**
 * Labels by chance, alike for all layers: of each pair either row may be the vulnerable one, so the
 * classes stay balanced within every base (control tasks, Hewitt & Liang 2019).
 */
export function shuffledLabels(
  { vulnerable, pairs }: Labelled,
  count: number,
  seed: number,
): boolean[][] {
  return Array.from({ length: count }, (_, k) => {
    const random = new Random(seed, 'shuffled labels', k);
    const swap = new Map<number, boolean>();
    for (const pair of pairs) if (!swap.has(pair)) swap.set(pair, random.chance(0.5));
    return vulnerable.map((label, row) => label !== swap.get(pairs[row]!)!);
  });
}

/**
 * Nested cross-validation over groups. In each outer fold the training rows are those of other groups that are
 * for fitting, rows are standardised by them,
 * the penalty is chosen by the log loss of inner folds of them, and the held-out rows are scored by a probe
 * fitted to all of them. Probes for shuffled labels have the same penalty: the same probe, another task.
 *
 * @param x [n, d]
 */
export function crossValidate(
  x: Float32Array,
  data: Labelled,
  shuffled: readonly (readonly boolean[])[],
): Held {
  const n = data.vulnerable.length;
  const d = x.length / n;
  const judged = judgedRows(data);
  const place = new Map(judged.map((row, at) => [row, at]));
  const fitted = [...data.vulnerable.keys()].filter(
    (row) => !holdsOutForms(data) || data.splits![row] !== 'judge',
  );
  const labels = asBytes(data.vulnerable);
  const shuffledBytes = shuffled.map(asBytes);
  const held: Held = {
    logOdds: new Float64Array(judged.length),
    shuffled: shuffled.map(() => new Float64Array(judged.length)),
    penalties: [],
  };
  for (const test of groupedFolds(judged, data.groups, OUTER_FOLDS)) {
    const out = new Set(test.map((row) => data.groups[row]!));
    const train = fitted.filter((row) => !out.has(data.groups[row]!));
    const space = spaceOf(x, d, train);
    const penalty = choosePenalty(space, train, labels, data.groups, d);
    const judge = (into: Float64Array, truth: Uint8Array, tolerance: number) => {
      const scores = space.score(space.fit(train, truth, penalty * d, { tolerance }), test);
      for (const [i, row] of test.entries()) into[place.get(row)!] = scores[i]!;
    };
    judge(held.logOdds, labels, EXACT);
    for (const [k, truth] of shuffledBytes.entries()) judge(held.shuffled[k]!, truth, ROUGH);
    held.penalties.push(penalty);
  }
  return held;
}

function choosePenalty(
  space: Space,
  train: readonly number[],
  labels: Uint8Array,
  groups: readonly string[],
  d: number,
): number {
  const losses = PENALTIES.map(() => 0);
  for (const test of groupedFolds(train, groups, INNER_FOLDS)) {
    const out = new Set(test);
    const rest = train.filter((row) => !out.has(row));
    const truth = Uint8Array.from(test, (row) => labels[row]!);
    let start: RowFit | undefined;
    for (const [k, penalty] of PENALTIES.entries()) {
      start = space.fit(rest, labels, penalty * d, { start, tolerance: ROUGH });
      losses[k]! += logLoss(space.score(start, test), truth);
    }
  }
  // Of equals the strongest.
  return PENALTIES[losses.indexOf(Math.min(...losses))]!;
}

const asBytes = (labels: readonly boolean[]): Uint8Array => Uint8Array.from(labels, Number);
