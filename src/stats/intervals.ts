import { ensure, Random } from '../core/index.js';
import { binomialCdf } from './binomial.js';

/** An estimate with the interval that holds it. */
export interface Interval {
  low: number;
  high: number;
}

/** Two-sided normal quantile of the usual levels. */
const Z: Record<number, number> = {
  0.9: 1.6448536269514722,
  0.95: 1.959963984540054,
  0.99: 2.5758293035489004,
};

export type Level = 0.9 | 0.95 | 0.99;

/**
 * Wilson's score interval for a proportion (Wilson 1927): sound for small n and at 0 or n hits,
 * for independent trials.
 *
 * @param hits successes out of `total` trials
 * @returns [0, 1] where there were no trials
 */
export function wilson(hits: number, total: number, level: Level = 0.95): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const z = Z[level]!;
  const p = hits / total;
  const shrink = 1 + (z * z) / total;
  const centre = (p + (z * z) / (2 * total)) / shrink;
  const half = (z / shrink) * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * The exact interval for a proportion (Clopper & Pearson 1934), for independent trials: it never
 * holds the true share less often than `level`, and so is wider than Wilson's.
 *
 * @param hits successes out of `total` trials
 * @returns [0, 1] where there were no trials
 * @throws {SutureError} BAD_ARGUMENT unless 0 <= hits <= total, whole numbers
 */
export function clopperPearson(hits: number, total: number, level: Level = 0.95): Interval {
  ensure(
    Number.isInteger(hits) && Number.isInteger(total) && hits >= 0 && hits <= total,
    'BAD_ARGUMENT',
    `${hits} hits out of ${total} trials is not a proportion.`,
  );
  const tail = (1 - level) / 2;
  return {
    // The share at which so many hits, or more, have a chance of only `tail`; then so few, or fewer.
    low: hits === 0 ? 0 : crossing((p) => binomialCdf(hits - 1, total, p) < 1 - tail),
    high: hits === total ? 1 : crossing((p) => binomialCdf(hits, total, p) < tail),
  };
}

/** Where in [0, 1] a condition that is false below and true above begins to hold, by bisection. */
function crossing(holds: (p: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 53; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** Hits and trials of one cluster. */
export interface Cluster {
  hits: number;
  total: number;
}

export interface BootstrapOptions {
  /** Defaults to 0. */
  seed?: number;
  /** Defaults to 10 000. */
  resamples?: number;
  /** Defaults to 0.95. */
  level?: Level;
}

/**
 * Percentile bootstrap for a pooled proportion, drawing whole clusters with replacement: trials of
 * one base resemble each other, so they do not count as independent (Davison & Hinkley 1997, 3.8).
 *
 * With k clusters the interval is only as good as k is large. Where all clusters are at 0 or all at 1 the
 * bootstrap would claim certainty; Wilson's interval with one trial per cluster is joined to it.
 */
export function clusterBootstrap(
  clusters: readonly Cluster[],
  options: BootstrapOptions = {},
): Interval {
  const { low, high } = bootstrap(
    clusters.length,
    (draw) => {
      let hits = 0;
      let total = 0;
      for (const i of draw) {
        hits += clusters[i]!.hits;
        total += clusters[i]!.total;
      }
      return total === 0 ? Number.NaN : hits / total;
    },
    options,
  );
  const hits = clusters.reduce((sum, c) => sum + c.hits, 0);
  const total = clusters.reduce((sum, c) => sum + c.total, 0);
  if (total === 0) return { low: 0, high: 1 };
  if (hits > 0 && hits < total) return { low, high };
  const wide = wilson(hits === 0 ? 0 : clusters.length, clusters.length, options.level);
  return { low: Math.min(low, wide.low), high: Math.max(high, wide.high) };
}

/**
 * Percentile bootstrap for the mean of paired differences, drawing whole clusters.
 *
 * @param clusters for each cluster its differences, e.g. +1, 0, -1 for each prompt
 */
export function clusterBootstrapMean(
  clusters: readonly (readonly number[])[],
  options: BootstrapOptions = {},
): Interval {
  const sums = clusters.map((cluster) => cluster.reduce((a, b) => a + b, 0));
  return bootstrap(
    clusters.length,
    (draw) => {
      let sum = 0;
      let count = 0;
      for (const i of draw) {
        sum += sums[i]!;
        count += clusters[i]!.length;
      }
      return sum / count;
    },
    options,
  );
}

/** Percentile bootstrap of any statistic of drawn clusters; draws of which it is not a number are left out. */
export function bootstrap(
  clusters: number,
  statistic: (draw: readonly number[]) => number,
  { seed = 0, resamples = 10_000, level = 0.95 }: BootstrapOptions,
): Interval {
  const random = new Random(seed, 'bootstrap');
  const draw = Array<number>(clusters).fill(0);
  const values: number[] = [];
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < clusters; j++) draw[j] = random.int(clusters);
    const value = statistic(draw);
    if (Number.isFinite(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}

/** Arithmetic mean; NaN of nothing. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Quantile of sorted values, interpolated linearly between neighbours. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
