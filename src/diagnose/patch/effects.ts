import { groupBy, Random } from '../../core/index.js';
import { clusterBootstrapMean, mean, quantile, signFlipTest } from '../../stats/index.js';
import type { Figure } from '../probe/score.js';
import type { Tested } from '../verdict/evidence.js';

const RESAMPLES = 2_000;

/** Effects on pairs, as shares of what there is to be moved; intervals are over bases. */
export class Effects {
  readonly #bases: string[];
  /** What each pair has to be moved: the twins' logit differences apart. */
  readonly #totals: readonly number[];
  readonly #clusterOf: number[];
  readonly #draws: number[][];
  readonly #seed: number;

  constructor(bases: readonly string[], totals: readonly number[], seed: number) {
    this.#bases = [...new Set(bases)];
    this.#totals = totals;
    this.#seed = seed;
    this.#clusterOf = bases.map((base) => this.#bases.indexOf(base));
    const random = new Random(seed, 'patch bootstrap');
    this.#draws = Array.from({ length: RESAMPLES }, () => {
      const times = Array<number>(this.#bases.length).fill(0);
      for (let i = 0; i < times.length; i++) times[random.int(times.length)]!++;
      return times;
    });
  }

  /** The mean of what there is to be moved, and whether it is anything. */
  total(): Tested {
    const byBase = [...groupBy([...this.#totals.keys()], (i) => this.#clusterOf[i]!).values()];
    const clusters = byBase.map((own) => own.map((i) => this.#totals[i]!));
    return {
      value: mean(this.#totals),
      ...clusterBootstrapMean(clusters, { seed: this.#seed, resamples: RESAMPLES }),
      p: signFlipTest(clusters.map(mean)),
    };
  }

  /**
   * Sum of what was moved over the sum of what there was to be moved; not a mean of shares, which pairs with
   * nothing to be moved would make meaningless.
   *
   * @param moved of each pair; undefined where it was not tried: the pair then counts on neither side
   */
  share(moved: readonly (number | undefined)[]): Figure {
    const sums = this.#sums(moved);
    const values = this.#draws
      .map((times) => ratio(sums, times))
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    return {
      value: ratio(sums),
      low: quantile(values, 0.025),
      high: quantile(values, 0.975),
    };
  }

  /** The share of each base. */
  byBase(moved: readonly (number | undefined)[]): Map<string, number> {
    const sums = this.#sums(moved);
    return new Map(this.#bases.map((base, i) => [base, sums[i]!.moved / sums[i]!.total]));
  }

  /** Mean over the pairs of each base. */
  means(values: readonly number[]): number[] {
    const sums = this.#bases.map(() => ({ sum: 0, count: 0 }));
    for (const [i, value] of values.entries()) {
      const own = sums[this.#clusterOf[i]!]!;
      own.sum += value;
      own.count++;
    }
    return sums.map(({ sum, count }) => sum / count);
  }

  #sums(moved: readonly (number | undefined)[]): { moved: number; total: number }[] {
    const sums = this.#bases.map(() => ({ moved: 0, total: 0 }));
    for (const [i, value] of moved.entries()) {
      if (value === undefined) continue;
      const own = sums[this.#clusterOf[i]!]!;
      own.moved += value;
      own.total += this.#totals[i]!;
    }
    return sums;
  }
}

function ratio(
  sums: readonly { moved: number; total: number }[],
  times?: readonly number[],
): number {
  let [moved, total] = [0, 0];
  for (const [i, own] of sums.entries()) {
    moved += own.moved * (times?.[i] ?? 1);
    total += own.total * (times?.[i] ?? 1);
  }
  return moved / total;
}
