import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../core/index.js';
import { thresholdOf } from './conformal.js';
import { mean } from './index.js';

describe('thresholdOf', () => {
  it('is the order statistic of split conformal prediction', () => {
    // ceil((99 + 1) 0.99) = 99: the greatest of 99 scores. ceil((199 + 1) 0.95) = 190.
    const scores = (n: number) => Array.from({ length: n }, (_, i) => ((i * 37) % n) + 1);
    expect(thresholdOf(scores(99), 0.01)).toMatchObject({ value: 99, prompts: 99, alarms: 0 });
    expect(thresholdOf(scores(199), 0.05)).toMatchObject({ value: 190, prompts: 199, alarms: 9 });
  });

  it('bounds the share above it exactly', () => {
    // None of n above: 1 - 0.05^(1/n), the rule of three's exact form.
    const scores = Array.from({ length: 99 }, (_, i) => i);
    expect(thresholdOf(scores, 0.01).bound).toBeCloseTo(1 - 0.05 ** (1 / 99), 6);
  });

  it('keeps to the budget on fresh scores of the same kind, on the mean, and to the bound in 95 of 100', () => {
    // Of uniform scores the share above a threshold is one minus it.
    const shapes = fc.record({ n: fc.integer({ min: 40, max: 300 }), seed: fc.nat(1000) });
    fc.assert(
      fc.property(shapes, ({ n, seed }) => {
        const random = new Random(seed, 'threshold test', n);
        const runs = Array.from({ length: 400 }, () =>
          thresholdOf(
            Array.from({ length: n }, () => random.float()),
            0.05,
          ),
        );
        const shares = runs.map(({ value }) => 1 - value);
        // The mean of 400 such shares has a standard error of about sqrt(0.05 / n) / 20.
        expect(mean(shares)).toBeLessThan(0.05 + (4 * Math.sqrt(0.05 / n)) / 20);
        const within = runs.filter(({ bound }, i) => shares[i]! <= bound).length;
        expect(within / 400).toBeGreaterThan(0.95 - 4 * Math.sqrt((0.95 * 0.05) / 400));
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it('does not act on scores that equal the threshold', () => {
    expect(thresholdOf(Array(50).fill(3), 0.05)).toMatchObject({ value: 3, alarms: 0 });
  });

  it('is refused where there are too few scores, or no budget', () => {
    expect(() => thresholdOf(Array(98).fill(0), 0.01)).toThrow(/needs 99 .* are 98/);
    for (const budget of [0, 1, Number.NaN]) {
      expect(() => thresholdOf([1, 2, 3], budget)).toThrow(/between 0 and 1/);
    }
  });
});
