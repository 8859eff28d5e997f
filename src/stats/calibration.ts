import { ensure } from '../core/index.js';

/** How far probabilities are to be believed; both are 0 at best. */
export interface Calibration {
  /** Mean squared distance of the probability from the truth (Brier 1950); 0.25 for always 1/2. */
  brier: number;
  /**
   * Expected calibration error in ten bins of equal width (Naeini et al. 2015): the mean distance, over
   * cases, between a bin's mean probability and its share of true cases.
   */
  ece: number;
}

const BINS = 10;

/**
 * @param probabilities of the event, 0 to 1
 * @param labels whether it happened, one for each probability
 * @throws {SutureError} BAD_ARGUMENT when the lengths differ, there is none, or one is not in [0, 1]
 */
export function calibration(
  probabilities: ArrayLike<number>,
  labels: readonly boolean[],
): Calibration {
  const n = labels.length;
  ensure(
    n > 0 && probabilities.length === n,
    'BAD_ARGUMENT',
    `There are ${probabilities.length} probabilities and ${n} labels; there must be equally many, and one at least.`,
  );
  const bins = Array.from({ length: BINS }, () => ({ probability: 0, hits: 0 }));
  let squares = 0;
  for (const [i, label] of labels.entries()) {
    const p = probabilities[i]!;
    ensure(p >= 0 && p <= 1, 'BAD_ARGUMENT', `${p} is not a probability.`);
    squares += (p - Number(label)) ** 2;
    const bin = bins[Math.min(BINS - 1, Math.floor(p * BINS))]!;
    bin.probability += p;
    bin.hits += Number(label);
  }
  const off = bins.reduce((sum, { probability, hits }) => sum + Math.abs(probability - hits), 0);
  return { brier: squares / n, ece: off / n };
}
