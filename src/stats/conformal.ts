import { ensure } from '../core/index.js';
import { clopperPearson } from './intervals.js';

/** Above which score something acts, and what is known of its false alarms. */
export interface Threshold {
  value: number;
  /** Share of ordinary prompts that may be steered. */
  budget: number;
  /** Ordinary prompts it was set by, and how many of them lie above. */
  prompts: number;
  alarms: number;
  /** With 95 % confidence no larger share of prompts like these lies above: exact. */
  bound: number;
}

/**
 * The order statistic of ordinary prompts' scores above which the next such prompt lies with a chance of
 * no more than the budget: split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018). The share
 * above it of all prompts like these is distributed as Beta(n - k + 1, k), whose 95 % quantile is the upper
 * end of the one-sided Clopper-Pearson interval for n - k of n.
 *
 * @param scores of prompts that nothing was trained on
 * @throws {SutureError} BAD_DATA where there are fewer than 1 / budget - 1
 */
export function thresholdOf(scores: readonly number[], budget: number): Threshold {
  ensure(budget > 0 && budget < 1, 'BAD_ARGUMENT', `A budget lies between 0 and 1; got ${budget}.`);
  const n = scores.length;
  const k = Math.ceil((n + 1) * (1 - budget) - 1e-9);
  ensure(
    k <= n,
    'BAD_DATA',
    `A budget of ${budget} needs ${Math.ceil(1 / budget - 1)} ordinary prompts that are set apart to set the threshold by, and there are ${n}: give more, or a larger budget.`,
  );
  const value = scores.toSorted((a, b) => a - b)[k - 1]!;
  const alarms = scores.filter((score) => score > value).length;
  return { value, budget, prompts: n, alarms, bound: clopperPearson(n - k, n, 0.9).high };
}
