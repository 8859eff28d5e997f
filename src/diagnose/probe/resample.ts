import { Random } from '../../core/index.js';
import { type Interval, quantile, wilson } from '../../stats/index.js';

const RESAMPLES = 2_000;

/**
 * Draws of whole groups with replacement, the same for every figure: what differs between two
 * figures is then the figures, not the draws.
 */
export class Resamples {
  readonly #clusters: number;
  /** For each draw how often each row is in it: [draws][n]. */
  readonly #weights: Float64Array[];

  /** @param groups of each row */
  constructor(groups: readonly string[], seed: number) {
    const names = [...new Set(groups)];
    const place = new Map(names.map((name, i) => [name, i]));
    const groupOf = groups.map((group) => place.get(group)!);
    const random = new Random(seed, 'probe bootstrap');
    this.#clusters = names.length;
    this.#weights = Array.from({ length: RESAMPLES }, () => {
      const times = new Float64Array(names.length);
      for (let i = 0; i < names.length; i++) times[random.int(names.length)]!++;
      return Float64Array.from(groupOf, (group) => times[group]!);
    });
  }

  /** The area under the ROC curve in every draw. */
  aurocs(scores: Float64Array, labels: readonly boolean[]): Float64Array {
    const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
    return Float64Array.from(this.#weights, (weights) =>
      weightedAuroc(scores, labels, order, weights),
    );
  }

  /** 95 % percentile interval. */
  interval(values: Float64Array): Interval {
    const sorted = [...values].sort((a, b) => a - b);
    return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  }

  /**
   * Of a share. Where it is 1 (or 0) in all groups every draw says the same, which is no certainty:
   * Wilson's interval with one trial for each group is joined to it.
   */
  intervalOfShare(value: number, values: Float64Array): Interval {
    const { low, high } = this.interval(values);
    if (value > 0 && value < 1) return { low, high };
    const wide = wilson(value === 0 ? 0 : this.#clusters, this.#clusters);
    return { low: Math.min(low, wide.low), high: Math.max(high, wide.high) };
  }
}

/** Pairs of a positive and a negative that are in order, ties half, each row counted by its weight. */
function weightedAuroc(
  scores: Float64Array,
  labels: readonly boolean[],
  order: readonly number[],
  weights: Float64Array,
): number {
  let wins = 0;
  let positives = 0;
  let negatives = 0; // below
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start]!]!;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let end = start;
    for (; end < order.length && scores[order[end]!] === score; end++) {
      const row = order[end]!;
      if (labels[row]) tiedPositives += weights[row]!;
      else tiedNegatives += weights[row]!;
    }
    wins += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    start = end;
  }
  return wins / (positives * negatives);
}
