import { expect, it } from 'vitest';
import { divergence, logProbabilities } from './index.js';

it('log-probabilities are those of the softmax, whatever is added to all logits', () => {
  const odds = Float32Array.from([Math.log(1), Math.log(2), Math.log(5)]);
  const shifted = odds.map((x) => x + 1000);
  for (const [logits, digits] of [
    [odds, 6],
    [shifted, 3], // what float32 keeps at 1000
  ] as const) {
    const found = logProbabilities(logits);
    for (const [i, p] of [1 / 8, 2 / 8, 5 / 8].entries()) {
      expect(Math.exp(found[i]!)).toBeCloseTo(p, digits);
    }
  }
});

it('the divergence is 0 of equals, and that of two coins by hand', () => {
  const fair = Float64Array.from([0.5, 0.5], Math.log);
  const biased = Float64Array.from([0.9, 0.1], Math.log);
  expect(divergence(fair, fair)).toBe(0);
  // 0.5 ln(0.5 / 0.9) + 0.5 ln(0.5 / 0.1), and the other way round
  expect(divergence(fair, biased)).toBeCloseTo(0.510826, 6);
  expect(divergence(biased, fair)).toBeCloseTo(0.368064, 6);
});
