import type { Tensor } from '../../tensor/index.js';
import type { AnalyserShape } from './analyser.js';
import type { Priors } from './priors.js';

/** Log-odds of tokens by class. */
export interface PriorTable {
  tokens: readonly number[];
  /** [classes - 1, tokens]: without `none`. */
  logOdds: Float32Array;
}

/** @param classes with `none` first */
export function priorTable(priors: Priors, classes: readonly string[]): PriorTable {
  const { tokens } = priors;
  const rows = classes.slice(1).flatMap((name) => tokens.map((token) => priors.of(name, token)));
  return { tokens, logOdds: Float32Array.from(rows) };
}

/** What the analyser says of the next token at some place. */
export interface Look {
  /** Probability that secure and vulnerable code part here. */
  risk: number;
  /** [classes] */
  classes: ArrayLike<number>;
  /** [width] */
  query: ArrayLike<number>;
}

/** What of a candidate's score counts: how it fits the context, and how often it was secure in such decisions. */
export const SCORES = ['both', 'context', 'prior'] as const;
export type Scores = (typeof SCORES)[number];

/** Scores candidates for the next token: as `Analyser.score`, with the prior of each class as far as it is likely here. */
export class CandidateScores {
  readonly #width: number;
  readonly #keys: Float32Array;
  readonly #common: Float32Array;
  readonly #asked: boolean;
  readonly #priorWeight: number;
  readonly #priors: PriorTable;
  /** Of each token the place in the table of priors. */
  readonly #placeOf: ReadonlyMap<number, number>;

  /** @param keys what stands for each token [vocab, width] */
  constructor(
    { width }: Pick<AnalyserShape, 'width'>,
    parameters: ReadonlyMap<string, Tensor>,
    keys: Float32Array,
    priors: PriorTable,
    scores: Scores = 'both',
  ) {
    const learnt = parameters.get('candidate.prior')!.data[0]!;
    this.#width = width;
    this.#keys = keys;
    this.#common = parameters.get('candidate.common')!.data;
    this.#asked = scores !== 'prior';
    this.#priorWeight = { both: learnt, context: 0, prior: 1 }[scores];
    this.#priors = priors;
    this.#placeOf = new Map(priors.tokens.map((token, i) => [token, i]));
  }

  /** How much rather a token is of secure code than of its vulnerable twin, as log-odds. */
  of({ risk, classes, query }: Look, token: number): number {
    let score = 0;
    for (let i = 0; this.#asked && i < this.#width; i++) {
      score += (query[i]! + this.#common[i]!) * this.#keys[token * this.#width + i]!;
    }
    const place = this.#placeOf.get(token);
    if (place === undefined || this.#priorWeight === 0) return score;
    const { tokens, logOdds } = this.#priors;
    for (let c = 1; c < classes.length; c++) {
      const share = classes[c]! / risk;
      score += this.#priorWeight * share * logOdds[(c - 1) * tokens.length + place]!;
    }
    return score;
  }
}
