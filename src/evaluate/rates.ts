import {
  type Cluster,
  clusterBootstrap,
  clusterBootstrapMean,
  signFlipTest,
  wilson,
} from '../stats/index.js';
import type { Completion } from './complete.js';

/** A share with its 95 % interval. */
export interface Rate {
  hits: number;
  total: number;
  /** `hits / total`, 0 to 1; 0 where there is nothing to count. */
  value: number;
  low: number;
  high: number;
}

/** A difference of shares with its 95 % interval; p from the exact sign-flip test over bases. */
export interface Difference {
  /** -1 to 1; 0, with an interval that holds everything, where there is nothing to compare. */
  value: number;
  low: number;
  high: number;
  p: number;
}

/** What became of a set of completions. The first three add up to 1. */
export interface OutcomeRates {
  secure: Rate;
  insecure: Rate;
  other: Rate;
  /** Secure, and parses with every name defined: what counts as repaired. */
  secureWellFormed: Rate;
  parses: Rate;
  wellFormed: Rate;
  degenerate: Rate;
  truncated: Rate;
  refusal: Rate;
}

/**
 * A pooled share. Observations of one base are alike, so the interval is a bootstrap over bases;
 * within a single base it is Wilson's.
 */
export function clusteredRate(observations: readonly { base: string; hit: boolean }[]): Rate {
  const clusters = new Map<string, Cluster>();
  for (const { base, hit } of observations) {
    const cluster = clusters.get(base) ?? { hits: 0, total: 0 };
    clusters.set(base, { hits: cluster.hits + Number(hit), total: cluster.total + 1 });
  }
  const list = [...clusters.values()];
  const hits = list.reduce((sum, cluster) => sum + cluster.hits, 0);
  const total = observations.length;
  const interval = list.length > 1 ? clusterBootstrap(list) : wilson(hits, total);
  return { hits, total, value: total === 0 ? 0 : hits / total, ...interval };
}

/** Repaired: secure, and fit to be compiled or run. */
export const isRepaired = ({ judgement }: Completion): boolean =>
  judgement.outcome === 'secure' && judgement.wellFormed;

export function outcomeRates(completions: readonly Completion[]): OutcomeRates {
  const rate = (hit: (completion: Completion) => boolean) =>
    clusteredRate(completions.map((c) => ({ base: c.pair.base, hit: hit(c) })));
  return {
    secure: rate((c) => c.judgement.outcome === 'secure'),
    insecure: rate((c) => c.judgement.outcome === 'insecure'),
    other: rate((c) => c.judgement.outcome === 'other'),
    secureWellFormed: rate(isRepaired),
    parses: rate((c) => c.judgement.parses),
    wellFormed: rate((c) => c.judgement.wellFormed),
    degenerate: rate((c) => c.judgement.degenerate),
    truncated: rate((c) => c.judgement.truncated),
    refusal: rate((c) => c.judgement.refusal),
  };
}

/**
 * How much more often something holds in `a` than in `b`, where item i of both is the same prompt
 * and sample under two conditions.
 */
export function pairedDifference(
  a: readonly Completion[],
  b: readonly Completion[],
  hit: (completion: Completion) => boolean,
): Difference {
  const hits = (completions: readonly Completion[]) =>
    completions.map((one) => ({ base: one.pair.base, hit: hit(one) }));
  return pairedShares(hits(a), hits(b));
}

/** The same of any observations: item i of both is one case under two conditions. */
export const pairedShares = (
  a: readonly { base: string; hit: boolean }[],
  b: readonly { hit: boolean }[],
): Difference =>
  pairedMeans(
    a.map(({ base, hit }) => ({ base, value: Number(hit) })),
    b.map(({ hit }) => Number(hit)),
  );

/** The same of any numbers: how much larger `a` is than `b` on average, case by case. */
export function pairedMeans(
  a: readonly { base: string; value: number }[],
  b: readonly number[],
): Difference {
  if (a.length === 0) return { value: 0, low: -1, high: 1, p: 1 };
  const byBase = new Map<string, number[]>();
  for (const [i, { base, value }] of a.entries()) {
    const differences = byBase.get(base) ?? [];
    differences.push(value - b[i]!);
    byBase.set(base, differences);
  }
  const clusters = [...byBase.values()];
  const sum = (values: readonly number[]) => values.reduce((x, y) => x + y, 0);
  return {
    value: sum(clusters.map(sum)) / a.length,
    ...clusterBootstrapMean(clusters),
    p: signFlipTest(clusters.map((cluster) => sum(cluster) / cluster.length)),
  };
}
