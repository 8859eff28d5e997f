import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clusterBootstrap,
  clusterBootstrapKappa,
  clusterBootstrapMean,
  cohenKappa,
  holm,
  median,
  quantile,
  signFlipTest,
  wilson,
} from './index.js';

// The same cases on every run.
fc.configureGlobal({ seed: 1 });

describe('wilson', () => {
  it('gives the published values', () => {
    // 10 of 10: lower n / (n + z^2); 81 of 263: Newcombe 1998, table I.
    expect(wilson(10, 10).low).toBeCloseTo(10 / (10 + 1.959963984540054 ** 2), 10);
    expect(wilson(10, 10).high).toBeCloseTo(1, 10);
    expect(wilson(81, 263).low).toBeCloseTo(0.2553, 4);
    expect(wilson(81, 263).high).toBeCloseTo(0.3662, 4);
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
  it('holds the estimate, and is symmetric', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), (a, b) => {
        const n = a + b + 1;
        const one = wilson(a, n);
        const other = wilson(n - a, n);
        expect(one.low).toBeLessThanOrEqual(a / n + 1e-12);
        expect(one.high).toBeGreaterThanOrEqual(a / n - 1e-12);
        expect(one.low).toBeCloseTo(1 - other.high, 10);
      }),
    );
  });
});

describe('cluster bootstrap', () => {
  it('is wide where clusters differ, narrow where they agree', () => {
    const agree = Array.from({ length: 8 }, () => ({ hits: 5, total: 10 }));
    const differ = agree.map((_, i) => ({ hits: i % 2 ? 10 : 0, total: 10 }));
    const narrow = clusterBootstrap(agree);
    const wide = clusterBootstrap(differ);
    expect(narrow).toEqual({ low: 0.5, high: 0.5 });
    expect(wide.low).toBeLessThan(0.3);
    expect(wide.high).toBeGreaterThan(0.7);
  });
  it('claims no certainty at 0 or 1', () => {
    const none = Array.from({ length: 7 }, () => ({ hits: 0, total: 12 }));
    expect(clusterBootstrap(none)).toEqual({ low: 0, high: wilson(0, 7).high });
    expect(clusterBootstrap([])).toEqual({ low: 0, high: 1 });
  });
  it('is the same for the same seed, and holds the pooled share', () => {
    const clusters = [1, 4, 2, 6].map((hits) => ({ hits, total: 7 }));
    expect(clusterBootstrap(clusters, { seed: 3 })).toEqual(
      clusterBootstrap(clusters, { seed: 3 }),
    );
    const { low, high } = clusterBootstrap(clusters);
    expect(low).toBeLessThan(13 / 28);
    expect(high).toBeGreaterThan(13 / 28);
  });
  it('of means agrees with the exact distribution of two clusters', () => {
    // Draws of 2 out of {0, 1}: means 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4.
    expect(
      clusterBootstrapMean([
        [0, 0],
        [1, 1],
      ]),
    ).toEqual({ low: 0, high: 1 });
  });
});

describe('tests', () => {
  it('sign flip: seven clusters of one sign give 2/128', () => {
    expect(signFlipTest([1, 2, 3, 4, 5, 6, 7])).toBe(2 / 128);
    expect(signFlipTest([1, -1])).toBe(1);
    expect(signFlipTest([0, 0, 0])).toBe(1);
    expect(signFlipTest([])).toBe(1);
  });
  it('sign flip does not depend on the overall sign', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 8 }), (means) => {
        const p = signFlipTest(means);
        expect(p).toBe(signFlipTest(means.map((x) => -x)));
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });
  it('Holm: the textbook example, never below the raw value, order kept', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    for (const [i, want] of [0.03, 0.06, 0.06, 0.02].entries()) {
      expect(adjusted[i]).toBeCloseTo(want, 12);
    }
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (ps) => {
        for (const [i, p] of holm(ps).entries()) expect(p).toBeGreaterThanOrEqual(ps[i]!);
      }),
    );
  });
  it('quantiles', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(median([5, 1, 3])).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('cohenKappa', () => {
  it('is that of the textbook: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no give 0.4', () => {
    const times = (n: number, a: boolean, b: boolean) =>
      Array.from({ length: n }, () => [a, b] as const);
    const ratings = [
      ...times(20, true, true),
      ...times(5, true, false),
      ...times(10, false, true),
      ...times(15, false, false),
    ];
    expect(cohenKappa(ratings)).toBeCloseTo(0.4, 10);
  });
  it('is undefined where chance alone always agrees', () => {
    expect(cohenKappa([[true, true]])).toBeUndefined();
    expect(cohenKappa([])).toBeUndefined();
  });
});

describe('clusterBootstrapKappa', () => {
  const agreeing = [
    [true, true],
    [false, false],
  ] as const;
  const parting = [
    [true, false],
    [false, true],
  ] as const;

  it('has the value of all cases together, and ends at what clusters alone would give', () => {
    const kappa = clusterBootstrapKappa([agreeing, parting]);
    // Half of four agree, by chance half would. Draws: both agree (1), one of each (0), both part (-1).
    expect(kappa).toEqual({ value: 0, low: -1, high: 1 });
  });

  it('widens when alike cases come in clusters', () => {
    const four = <T>(one: T): T[] => Array<T>(4).fill(one);
    const single = [...four(agreeing), ...four(parting)].flatMap((pair) =>
      pair.map((one) => [one]),
    );
    const grouped = [four(agreeing).flat(), four(parting).flat()];
    const width = (clusters: Parameters<typeof clusterBootstrapKappa>[0]) => {
      const { low, high } = clusterBootstrapKappa(clusters)!;
      return high - low;
    };
    expect(width(grouped)).toBeGreaterThan(width(single));
  });

  it('is undefined where chance alone always agrees', () => {
    expect(clusterBootstrapKappa([[[true, true]], [[true, true]]])).toBeUndefined();
    expect(clusterBootstrapKappa([])).toBeUndefined();
  });
});
