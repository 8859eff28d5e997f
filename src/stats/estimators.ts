import { ensure } from '../core/index.js';

/**
 * Probability that at least one of `k` samples passes, estimated without bias from `n` samples of
 * which `c` passed: 1 - C(n-c, k) / C(n, k) (Chen et al. 2021, "Evaluating Large Language Models
 * Trained on Code", equation 1).
 *
 * @throws {SutureError} BAD_ARGUMENT unless 0 <= c <= n and 1 <= k <= n, all whole numbers
 */
export function passAtK(n: number, c: number, k: number): number {
  ensure(
    [n, c, k].every(Number.isInteger) && c >= 0 && c <= n && k >= 1 && k <= n,
    'BAD_ARGUMENT',
    `pass@${k} cannot be estimated from ${c} passes of ${n} samples: it needs at least k samples.`,
  );
  // C(n-c, k) / C(n, k), factor by factor: no binomial coefficient is ever large. One factor is 0
  // where fewer than k samples failed.
  let allFail = 1;
  for (let i = 0; i < k; i++) allFail *= (n - c - i) / (n - i);
  return 1 - allFail;
}

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, a tie counting
 * one half (the Mann-Whitney U over its largest value; Hanley & McNeil 1982).
 *
 * @param labels true for a positive, one for each score
 * @returns 0 to 1; 0.5 is chance
 * @throws {SutureError} BAD_ARGUMENT when the lengths differ, a score is NaN, or one class is absent
 */
export function auroc(scores: ArrayLike<number>, labels: readonly boolean[]): number {
  ensure(
    scores.length === labels.length,
    'BAD_ARGUMENT',
    `There are ${scores.length} scores but ${labels.length} labels.`,
  );
  const order = [...labels.keys()].sort((a, b) => scores[a]! - scores[b]!);
  ensure(!order.some((i) => Number.isNaN(scores[i])), 'BAD_ARGUMENT', 'A score is not a number.');
  const positives = labels.filter(Boolean).length;
  const negatives = labels.length - positives;
  ensure(
    positives > 0 && negatives > 0,
    'BAD_ARGUMENT',
    `AUROC compares positives with negatives; there are ${positives} and ${negatives}.`,
  );

  let wins = 0; // pairs in which the positive scores higher, ties counted half
  let negativesBelow = 0;
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start]!]!;
    let end = start;
    let tiedPositives = 0;
    for (; end < order.length && scores[order[end]!] === score; end++) {
      if (labels[order[end]!]) tiedPositives++;
    }
    const tiedNegatives = end - start - tiedPositives;
    wins += tiedPositives * (negativesBelow + tiedNegatives / 2);
    negativesBelow += tiedNegatives;
    start = end;
  }
  return wins / (positives * negatives);
}
