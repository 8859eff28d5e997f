import { exp, logSoftmax, mul, reduceSum, sub, type Value } from '../graph/index.js';

/**
 * KL(base || changed) of each row.
 *
 * @param base,changed logits [n, vocab]
 * @returns [n]
 */
export function divergences(base: Value, changed: Value): Value {
  const before = logSoftmax(base);
  return reduceSum(mul(exp(before), sub(before, logSoftmax(changed))), [-1]);
}
