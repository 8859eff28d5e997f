import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibration, holm, jointSignFlipTest, signFlipTest } from './index.js';

fc.configureGlobal({ seed: 1 });

describe('jointSignFlipTest', () => {
  it('of one comparison is the sign-flip test', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 8 }),
        (d) => {
          expect(jointSignFlipTest([d])[0]).toBeCloseTo(signFlipTest(d), 12);
        },
      ),
    );
  });
  it('counts the assignments by hand', () => {
    // Each of the two reaches 3 in two of the eight assignments, never in the same; 1 is reached in all.
    expect(
      jointSignFlipTest([
        [1, 1, 1],
        [1, -1, 1],
      ]),
    ).toEqual([0.5, 1]);
  });
  it('costs nothing for the same comparison twice, where Holm pays twice', () => {
    const d = [1, 2, 3, 4, 5, 6, 7];
    expect(jointSignFlipTest([d, d, d])).toEqual([2 / 128, 2 / 128, 2 / 128]);
    expect(holm([2 / 128, 2 / 128, 2 / 128])[0]).toBe(6 / 128);
  });
  it('is never below the p of its own comparison, nor out of order', () => {
    const family = fc.array(
      fc.tuple(...Array.from({ length: 6 }, () => fc.integer({ min: -9, max: 9 }))),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(family, (differences) => {
        const adjusted = jointSignFlipTest(differences);
        for (const [j, p] of adjusted.entries()) {
          expect(p).toBeGreaterThanOrEqual(signFlipTest(differences[j]!) - 1e-12);
          expect(p).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
  it('samples where clusters are many: a family of noise and one that is always above 0', () => {
    const noise = Array.from({ length: 40 }, (_, i) => ((i * 7) % 5) - 2);
    const [strong, weak] = jointSignFlipTest([Array(40).fill(1), noise]);
    expect(strong).toBe(1 / 10_000);
    expect(weak).toBeGreaterThan(0.5);
    expect(jointSignFlipTest([])).toEqual([]);
  });
});

describe('calibration', () => {
  it('gives figures found by hand', () => {
    // Bins [0.2, 0.3): mean 0.25, none true; [0.9, 1]: mean 0.95, one of two true.
    const { brier, ece } = calibration([0.25, 0.25, 0.9, 1], [false, false, true, false]);
    expect(brier).toBeCloseTo((0.0625 + 0.0625 + 0.01 + 1) / 4, 12);
    expect(ece).toBeCloseTo(0.5 * 0.25 + 0.5 * 0.45, 12);
    expect(calibration([0, 1], [false, true])).toEqual({ brier: 0, ece: 0 });
  });
  it('refuses what is no probability, and lengths that differ', () => {
    expect(() => calibration([1.1], [true])).toThrow(/not a probability/);
    expect(() => calibration([Number.NaN], [true])).toThrow(/not a probability/);
    expect(() => calibration([], [])).toThrow(/one at least/);
    expect(() => calibration([0.5], [true, false])).toThrow(/equally many/);
  });
});
