import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SutureError } from '../core/index.js';
import {
  auroc,
  clopperPearson,
  mcnemarExact,
  mean,
  passAtK,
  signFlipTest,
  wilson,
} from './index.js';

// The same cases on every run.
fc.configureGlobal({ seed: 1 });

/** hits and total, hits <= total */
const proportion = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [a, a + b] as const);

describe('clopperPearson', () => {
  it('has a closed form at no hits and at all hits', () => {
    // (1 - p)^10 = 0.025
    expect(clopperPearson(0, 10).low).toBe(0);
    expect(clopperPearson(0, 10).high).toBeCloseTo(1 - 0.025 ** 0.1, 12);
    expect(clopperPearson(0, 10).high).toBeCloseTo(0.3085, 4);
    expect(clopperPearson(10, 10)).toEqual({ low: expect.closeTo(0.025 ** 0.1, 12), high: 1 });
    expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 });
  });
  it('agrees with the beta quantiles, in small and large samples', () => {
    const known = [
      [3, 10, 0.95, 0.06673951117773447, 0.652452850060008],
      [1, 7, 0.9, 0.007300831979146776, 0.520702973591307],
      [81, 263, 0.95, 0.25273674558504267, 0.36762192260134746],
      [450, 1000, 0.99, 0.4092972371923207, 0.49118539457126276],
    ] as const;
    for (const [hits, total, level, low, high] of known) {
      const interval = clopperPearson(hits, total, level);
      expect(interval.low).toBeCloseTo(low, 11);
      expect(interval.high).toBeCloseTo(high, 11);
    }
  });
  it('holds the estimate, is symmetric, and grows with the level', () => {
    fc.assert(
      fc.property(proportion, ([hits, total]) => {
        const { low, high } = clopperPearson(hits, total);
        if (total > 0) {
          expect(low).toBeLessThanOrEqual(hits / total);
          expect(high).toBeGreaterThanOrEqual(hits / total);
        }
        expect(low).toBeCloseTo(1 - clopperPearson(total - hits, total).high, 11);
        const wider = clopperPearson(hits, total, 0.99);
        expect(wider.low).toBeLessThanOrEqual(low);
        expect(wider.high).toBeGreaterThanOrEqual(high);
      }),
    );
  });
  it('covers the true share at least as often as it says', () => {
    // Coverage at p: the chance of those counts whose interval holds p, summed exactly.
    const total = 12;
    const intervals = Array.from({ length: total + 1 }, (_, hits) => clopperPearson(hits, total));
    const choose = [1];
    for (let i = 0; i < total; i++) choose.push((choose[i]! * (total - i)) / (i + 1));
    for (const p of [0.01, 0.1, 0.25, 0.5, 0.83]) {
      const chance = intervals.map(({ low, high }, hits) =>
        low <= p && p <= high ? choose[hits]! * p ** hits * (1 - p) ** (total - hits) : 0,
      );
      expect(chance.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(0.95);
    }
  });
  it('refuses what is not a proportion', () => {
    for (const [hits, total] of [
      [-1, 3],
      [4, 3],
      [0.5, 3],
    ] as const) {
      expect(() => clopperPearson(hits, total)).toThrow(SutureError);
    }
  });
});

describe('wilson', () => {
  it('of ten out of ten begins at 0.7225', () => {
    expect(wilson(10, 10).low).toBeCloseTo(0.7225, 4);
    expect(wilson(3, 10).low).toBeCloseTo(0.10779126740630102, 12);
    expect(wilson(450, 1000, 0.99).high).toBeCloseTo(0.4907204225863818, 12);
  });
});

describe('mcnemarExact', () => {
  it('gives the binomial tails', () => {
    expect(mcnemarExact(0, 5)).toBeCloseTo(2 / 32, 14);
    expect(mcnemarExact(1, 0)).toBe(1);
    expect(mcnemarExact(2, 10)).toBeCloseTo((2 * (1 + 12 + 66)) / 4096, 14);
    expect(mcnemarExact(30, 12)).toBeCloseTo(0.007915897334896727, 14);
    expect(mcnemarExact(7, 7)).toBe(1);
    expect(mcnemarExact(0, 0)).toBe(1);
  });
  it('does not depend on the order', () => {
    fc.assert(
      fc.property(fc.nat(80), fc.nat(80), (b, c) => {
        expect(mcnemarExact(b, c)).toBe(mcnemarExact(c, b));
      }),
    );
  });
  it('is the sign-flip test of single pairs', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), (b, c) => {
        const differences = [...Array<number>(b).fill(1), ...Array<number>(c).fill(-1)];
        expect(mcnemarExact(b, c)).toBeCloseTo(signFlipTest(differences), 12);
      }),
    );
  });
  it('refuses what is not a count', () => {
    expect(() => mcnemarExact(-1, 2)).toThrow(SutureError);
    expect(() => mcnemarExact(1.5, 2)).toThrow(SutureError);
  });
});

describe('signFlipTest', () => {
  it('samples where there are too many to enumerate, and is near the exact value', () => {
    // 24 clusters of which 18 are +1 and 6 -1: |sum| >= 12 is a binomial tail, 2 P(X >= 18 of 24).
    const means = Array.from({ length: 24 }, (_, i) => (i < 18 ? 1 : -1));
    expect(signFlipTest(means)).toBeCloseTo(0.0227, 3);
    expect(signFlipTest(Array(40).fill(1))).toBe(1 / 100_000);
    expect(signFlipTest(means)).toBe(signFlipTest(means));
  });
});

describe('auroc', () => {
  it('counts the pairs in order', () => {
    // Positives 0.35 and 0.8 against negatives 0.1 and 0.4: three of four pairs are in order.
    expect(auroc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75);
    expect(auroc([1, 2, 3], [false, false, true])).toBe(1);
    expect(auroc([3, 2, 1], [false, false, true])).toBe(0);
    expect(auroc([5, 5, 5], [false, true, true])).toBe(0.5);
  });
  it('is the share of pairs won, ties half; negated scores and swapped labels mirror it', () => {
    const scored = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.boolean()));
    const bothClasses = scored.filter((rows) => new Set(rows.map(([, label]) => label)).size === 2);
    fc.assert(
      fc.property(bothClasses, (rows) => {
        const scores = rows.map(([score]) => score);
        const labels = rows.map(([, label]) => label);
        const positives = scores.filter((_, i) => labels[i]);
        const negatives = scores.filter((_, i) => !labels[i]);
        const wins = positives.flatMap((p) => negatives.map((n) => (Math.sign(p - n) + 1) / 2));
        const area = auroc(scores, labels);
        expect(area).toBeCloseTo(mean(wins), 12);
        expect(
          auroc(
            Float32Array.from(scores, (x) => -x),
            labels,
          ),
        ).toBeCloseTo(1 - area, 12);
        expect(
          auroc(
            scores,
            labels.map((label) => !label),
          ),
        ).toBeCloseTo(1 - area, 12);
      }),
    );
  });
  it('refuses one class, NaN, and labels that do not match', () => {
    expect(() => auroc([1, 2], [true, true])).toThrow(/positives with negatives/);
    expect(() => auroc([1, Number.NaN], [true, false])).toThrow(/not a number/);
    expect(() => auroc([1], [true, false])).toThrow(/2 labels/);
  });
});

describe('passAtK', () => {
  it('gives values found by counting', () => {
    expect(passAtK(5, 2, 1)).toBeCloseTo(2 / 5, 14);
    expect(passAtK(5, 2, 2)).toBeCloseTo(1 - 3 / 10, 14); // C(3,2) / C(5,2)
    expect(passAtK(10, 3, 5)).toBeCloseTo(1 - 21 / 252, 14); // C(7,5) / C(10,5)
    expect(passAtK(4, 2, 3)).toBe(1);
    expect(passAtK(4, 0, 4)).toBe(0);
    expect(passAtK(100_000, 50_000, 1)).toBeCloseTo(0.5, 14);
  });
  it('is without bias: its mean over all draws of n is 1 - (1 - p)^k', () => {
    const [n, k, p] = [8, 3, 0.3];
    let expected = 0;
    let chance = (1 - p) ** n;
    for (let c = 0; c <= n; c++) {
      expected += chance * passAtK(n, c, k);
      chance *= ((n - c) / (c + 1)) * (p / (1 - p));
    }
    expect(expected).toBeCloseTo(1 - (1 - p) ** k, 12);
  });
  it('refuses fewer samples than k, and impossible counts', () => {
    for (const [n, c, k] of [
      [3, 1, 4],
      [3, 4, 1],
      [3, -1, 1],
      [3, 1, 0],
      [3, 1, 1.5],
    ] as const) {
      expect(() => passAtK(n, c, k)).toThrow(SutureError);
    }
  });
});
