import { ensure, Random } from '../core/index.js';
import { binomialCdf } from './binomial.js';
import { type BootstrapOptions, bootstrap, type Interval } from './intervals.js';

/** So many clusters are counted out; more are sampled. */
const EXACT_CLUSTERS = 16;
const SAMPLED_ASSIGNMENTS = 99_999;

/**
 * Sign-flip test of paired differences by cluster: if the treatment did nothing, each cluster's mean
 * difference could as well have had the other sign. Two-sided. Up to 16 clusters all 2^k assignments
 * are counted, so p is at least 2^(1-k): 0.016 for seven clusters. Of more clusters 99,999 seeded
 * random assignments are drawn, and the observed one is counted among them (Phipson & Smyth 2010).
 *
 * @param means one mean difference for each cluster
 */
export function signFlipTest(means: readonly number[]): number {
  if (means.length === 0) return 1;
  const observed = Math.abs(means.reduce((a, b) => a + b, 0)) - 1e-12;
  const exact = means.length <= EXACT_CLUSTERS;
  const assignments = exact ? 2 ** means.length : SAMPLED_ASSIGNMENTS;
  const random = new Random(0, 'sign flips');
  let asExtreme = exact ? 0 : 1;
  for (let n = 0; n < assignments; n++) {
    let sum = 0;
    let signs = n;
    for (const [i, mean] of means.entries()) {
      if (!exact && i % 30 === 0) signs = random.int(2 ** 30);
      sum += signs & 1 ? -mean : mean;
      signs >>= 1;
    }
    if (Math.abs(sum) >= observed) asExtreme++;
  }
  return asExtreme / (exact ? assignments : assignments + 1);
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

/** What two raters say of one case. */
type Rating = readonly [boolean, boolean];

/**
 * Agreement of two raters beyond chance (Cohen 1960): 1 is always, 0 is what their rates alone would give.
 *
 * @param ratings for each case what both say
 * @returns undefined where chance alone would always agree
 * @example
 * cohenKappa([[true, true], [true, false], [false, false], [false, false]]); // 0.5
 */
export const cohenKappa = (ratings: readonly Rating[]): number | undefined =>
  kappaOf(tally(ratings));

/**
 * The same with its interval: percentile bootstrap, drawing whole clusters with replacement. Resamples in which
 * kappa is undefined are left out.
 *
 * @param clusters for each cluster what both say of its cases
 * @example
 * clusterBootstrapKappa([[[true, true], [false, false]], [[true, false], [false, false]]])?.value; // 0.5
 */
export function clusterBootstrapKappa(
  clusters: readonly (readonly Rating[])[],
  options: BootstrapOptions = {},
): ({ value: number } & Interval) | undefined {
  const tallies = clusters.map(tally);
  const value = kappaOf(sumOf(tallies));
  if (value === undefined) return undefined;
  return {
    value,
    ...bootstrap(
      tallies.length,
      (draw) => kappaOf(sumOf(draw.map((i) => tallies[i]!))) ?? Number.NaN,
      options,
    ),
  };
}

/** Cases, and those of which the first, the second and both say yes. */
type Tally = readonly [cases: number, first: number, second: number, both: number];

const tally = (ratings: readonly Rating[]): Tally => [
  ratings.length,
  ratings.filter(([a]) => a).length,
  ratings.filter(([, b]) => b).length,
  ratings.filter(([a, b]) => a && b).length,
];

const sumOf = (tallies: readonly Tally[]): Tally =>
  tallies.reduce<Tally>(
    (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]],
    [0, 0, 0, 0],
  );

function kappaOf([n, first, second, both]: Tally): number | undefined {
  const agreed = (n - first - second + 2 * both) / n;
  const chance = (first * second + (n - first) * (n - second)) / n ** 2;
  return n === 0 || chance === 1 ? undefined : (agreed - chance) / (1 - chance);
}
