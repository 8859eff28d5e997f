import { ensure } from '../core/index.js';
import { binomialCdf } from './binomial.js';

/**
 * Exact sign-flip test of paired differences by cluster: if the treatment did nothing, each
 * cluster's mean difference could as well have had the other sign. Two-sided; all 2^k assignments
 * are counted, so p is at least 2^(1-k): 0.016 for seven clusters.
 *
 * @param means one mean difference for each cluster, at most 20
 * @throws {SutureError} BAD_ARGUMENT when there are more
 */
export function signFlipTest(means: readonly number[]): number {
  if (means.length === 0) return 1;
  ensure(
    means.length <= 20,
    'BAD_ARGUMENT',
    `The exact sign-flip test takes at most 20 clusters, not ${means.length}.`,
  );
  const observed = Math.abs(means.reduce((a, b) => a + b, 0));
  const assignments = 2 ** means.length;
  let asExtreme = 0;
  for (let signs = 0; signs < assignments; signs++) {
    const sum = means.reduce((total, x, i) => total + ((signs >> i) & 1 ? -x : x), 0);
    if (Math.abs(sum) >= observed - 1e-12) asExtreme++;
  }
  return asExtreme / assignments;
}

/**
 * McNemar's test in its exact form (two-sided binomial) for paired yes/no outcomes: p-value of the
 * discordant pairs being split so unevenly if either way were as likely. The pairs must be
 * independent; where they come in clusters, use `signFlipTest`.
 *
 * @param onlyFirst pairs in which only the first says yes  @param onlySecond only the second
 * @throws {SutureError} BAD_ARGUMENT unless both are whole numbers from 0 up
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  ensure(
    [onlyFirst, onlySecond].every((count) => Number.isInteger(count) && count >= 0),
    'BAD_ARGUMENT',
    `McNemar's test counts pairs; ${onlyFirst} and ${onlySecond} are not counts.`,
  );
  const fewer = Math.min(onlyFirst, onlySecond);
  return Math.min(1, 2 * binomialCdf(fewer, onlyFirst + onlySecond, 0.5));
}

/**
 * Holm's step-down correction (Holm 1979): adjusted p-values in the order given, at the family-wise
 * error rate of the smallest.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = Array<number>(pValues.length);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, pValues[i]! * (pValues.length - rank)));
    adjusted[i] = largest;
  }
  return adjusted;
}
