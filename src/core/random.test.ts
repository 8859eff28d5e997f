import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from './index.js';

fc.configureGlobal({ seed: 1 });

const draws = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.float());
const keys = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 });

/** Sum of (observed - expected)^2 / expected over equally likely cells. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

/** Pearson's correlation. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]) => x.reduce((s, v) => s + v, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const cov = mean(a.map((x, i) => (x - ma) * (b[i]! - mb)));
  const variance = (x: readonly number[], m: number) => mean(x.map((v) => (v - m) ** 2));
  return cov / Math.sqrt(variance(a, ma) * variance(b, mb));
}

describe('keys', () => {
  it('give the same numbers on every machine and in every version', () => {
    const random = new Random(7, 'sample', 3);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([
      1108104655, 3608627730, 3748529876,
    ]);
  });
  it('name a generator whole: equal keys are equal, whatever else is drawn', () => {
    fc.assert(
      fc.property(keys, (k) => {
        const other = new Random('elsewhere');
        const a = new Random(...k);
        const first = draws(a, 3);
        other.float();
        expect([...first, ...draws(a, 3)]).toEqual(draws(new Random(...k), 6));
      }),
    );
  });
  it('that differ give other numbers', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(draws(new Random(...a), 2)).not.toEqual(draws(new Random(...b), 2));
      }),
    );
  });
  it('are told apart by place and kind', () => {
    const alike = [['ab'], ['a', 'b'], ['b', 'a'], ['a,b'], [1], ['1'], [1, 1], [11], [], ['']];
    const firsts = alike.map((k) => draws(new Random(...k), 2).join());
    expect(new Set(firsts).size).toBe(alike.length);
  });
  it('that follow each other give unrelated streams', () => {
    const n = 4000;
    for (let key = 0; key < 5; key++) {
      const a = draws(new Random('stream', key), n);
      const b = draws(new Random('stream', key + 1), n);
      // Four standard errors of the correlation of independent numbers, 1 / sqrt(n).
      expect(Math.abs(correlation(a, b))).toBeLessThan(4 / Math.sqrt(n));
    }
    const firsts = Array.from({ length: n }, (_, key) => new Random('first', key).float());
    expect(Math.abs(correlation(firsts.slice(1), firsts.slice(0, -1)))).toBeLessThan(
      4 / Math.sqrt(n),
    );
  });
});

describe('distributions', () => {
  // 99.9 % quantiles of chi-square: 43.8 for 19 degrees of freedom, 27.9 for 9, 49.7 for 23.
  it('float is uniform in [0, 1), also over the first draws of many keys', () => {
    const counts = (values: readonly number[]) => {
      const cells = Array<number>(20).fill(0);
      for (const value of values) cells[Math.floor(20 * value)]!++;
      return cells;
    };
    const one = draws(new Random(1, 'uniform'), 20_000);
    const many = Array.from({ length: 20_000 }, (_, key) => new Random(key).float());
    for (const values of [one, many]) {
      expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
      expect(chiSquare(counts(values))).toBeLessThan(43.8);
    }
  });
  it('int is uniform in [0, n)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.nat(), (n, seed) => {
        const value = new Random(seed).int(n);
        expect(Number.isInteger(value) && value >= 0 && value < n).toBe(true);
      }),
    );
    const random = new Random(2, 'int');
    const counts = Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.int(10)]!++;
    expect(chiSquare(counts)).toBeLessThan(27.9);
  });
  it('shuffle gives each order as often, and a permutation that leaves its input alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const before = items.slice();
        const shuffled = new Random(seed).shuffle(items);
        const sorted = (list: readonly number[]) => list.toSorted((a, b) => a - b);
        expect(items).toEqual(before);
        expect(sorted(shuffled)).toEqual(sorted(items));
      }),
    );
    const random = new Random(3, 'shuffle');
    const orders = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.shuffle([1, 2, 3, 4]).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    expect(chiSquare([...orders.values()])).toBeLessThan(49.7);
  });
  it('chance and pick keep to their shares', () => {
    const random = new Random(4, 'chance');
    const hits = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length;
    expect(hits / 10_000).toBeCloseTo(0.3, 1);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
    expect(new Set(Array.from({ length: 50 }, () => random.pick(['a', 'b'])))).toEqual(
      new Set(['a', 'b']),
    );
    expect(() => random.pick([])).toThrow(RangeError);
  });
  it('normal has mean 0, variance 1 and the tails of a bell', () => {
    const random = new Random(5, 'normal');
    const n = 20_000;
    const values = Array.from({ length: n }, () => random.normal());
    const moment = (k: number) => values.reduce((sum, x) => sum + x ** k, 0) / n;
    // Four standard errors: variances of x, x^2, x^4 are 1, 2, 96.
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });
});
