import { Random } from '../core/index.js';

/** So many clusters are counted out; more are sampled. */
const EXACT_CLUSTERS = 14;
const SAMPLED_ASSIGNMENTS = 9_999;

/**
 * Sign-flip tests of several comparisons on the same clusters, adjusted for being several: the
 * step-down max-T procedure of Westfall & Young (1993, algorithm 2.8). Two-sided.
 *
 * Holm's correction multiplies the smallest p by the number of comparisons, so with seven clusters
 * and 24 comparisons nothing can fall below 0.37. Comparisons that share their data move together, and
 * flipping a cluster's sign in all of them at once shows how much: p can be as small as 2^(1-k) for k
 * clusters, whatever the number of comparisons. Each is measured by |sum| / sqrt(sum of squares).
 *
 * Up to 14 clusters all 2^k assignments of signs are counted; of more, 9,999 seeded random ones are
 * drawn, and the observed one is counted among them.
 *
 * @param differences for each comparison the mean difference of each cluster: [comparison][cluster]
 * @returns the adjusted p of each comparison, never below that of `signFlipTest` up to sampling error
 * @example
 * jointSignFlipTest([[1, 1, 1], [1, -1, 1]]); // [0.5, 1]
 */
export function jointSignFlipTest(differences: readonly (readonly number[])[]): number[] {
  const clusters = differences[0]?.length ?? 0;
  const lengths = differences.map((d) => Math.sqrt(d.reduce((sum, x) => sum + x * x, 0)));
  // Rounding must not make the observed assignment differ from itself.
  const observed = differences.map(
    (d, j) =>
      statistic(
        d.reduce((a, b) => a + b, 0),
        lengths[j]!,
      ) - 1e-12,
  );
  const order = [...differences.keys()].sort((a, b) => observed[b]! - observed[a]!);
  const exact = clusters <= EXACT_CLUSTERS;
  const assignments = exact ? 2 ** clusters : SAMPLED_ASSIGNMENTS;
  const asExtreme = differences.map(() => (exact ? 0 : 1));
  const random = new Random(0, 'joint sign flips');
  const signs = new Int8Array(clusters);
  for (let n = 0; n < assignments; n++) {
    for (let i = 0; i < clusters; i++) {
      signs[i] = exact ? 1 - 2 * ((n >> i) & 1) : 1 - 2 * random.int(2);
    }
    // The largest statistic among those that are no more significant than this one.
    let largest = 0;
    for (let rank = order.length - 1; rank >= 0; rank--) {
      const j = order[rank]!;
      const d = differences[j]!;
      let sum = 0;
      for (let i = 0; i < clusters; i++) sum += signs[i]! * d[i]!;
      largest = Math.max(largest, statistic(sum, lengths[j]!));
      if (largest >= observed[j]!) asExtreme[j]!++;
    }
  }
  const adjusted = Array<number>(differences.length);
  let most = 0;
  for (const j of order) {
    most = Math.max(most, asExtreme[j]! / (exact ? assignments : assignments + 1));
    adjusted[j] = most;
  }
  return adjusted;
}

const statistic = (sum: number, length: number): number =>
  length === 0 ? 0 : Math.abs(sum) / length;
