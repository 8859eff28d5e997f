import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wilson } from '../stats/index.js';
import { clusteredRate, isRepaired, outcomeRates, pairedDifference } from './index.js';
import { judged } from './testing/pairs.js';

const observations = (shares: Record<string, [hits: number, total: number]>) =>
  Object.entries(shares).flatMap(([base, [hits, total]]) =>
    Array.from({ length: total }, (_, i) => ({ base, hit: i < hits })),
  );
const secure = (base: string, yes: boolean) =>
  judged(base, { outcome: yes ? 'secure' : 'insecure' });
const width = ({ low, high }: { low: number; high: number }) => high - low;

describe('clusteredRate', () => {
  it('pools what was observed, whatever its order', () => {
    const rate = clusteredRate(observations({ a: [3, 4], b: [1, 6], c: [5, 5] }));
    expect(rate).toMatchObject({ hits: 9, total: 15, value: 0.6 });
    expect(rate.low).toBeLessThan(0.6);
    expect(rate.high).toBeGreaterThan(0.6);
    const mixed = observations({ c: [5, 5], a: [3, 4], b: [1, 6] });
    expect(clusteredRate(mixed)).toMatchObject({ hits: 9, total: 15, value: 0.6 });
  });
  it('is less sure where bases differ than where each is like the whole', () => {
    const alike = clusteredRate(
      observations({ a: [10, 20], b: [10, 20], c: [10, 20], d: [10, 20] }),
    );
    const apart = clusteredRate(observations({ a: [20, 20], b: [20, 20], c: [0, 20], d: [0, 20] }));
    expect(apart.value).toBe(alike.value);
    expect(width(apart)).toBeGreaterThan(width(wilson(40, 80)));
    expect(width(alike)).toBeLessThan(width(apart));
  });
  it("is Wilson's within one base, and never certain from unanimous ones", () => {
    expect(clusteredRate(observations({ a: [3, 10] }))).toMatchObject(wilson(3, 10));
    expect(clusteredRate(observations({ a: [9, 9], b: [9, 9], c: [9, 9] }))).toMatchObject({
      value: 1,
      low: wilson(3, 3).low,
      high: 1,
    });
  });
  it('of nothing is 0, and could be anything', () => {
    expect(clusteredRate([])).toEqual({ hits: 0, total: 0, value: 0, low: 0, high: 1 });
  });
});

describe('outcomeRates', () => {
  it('counts each property on its own', () => {
    const rates = outcomeRates([
      judged('a', { outcome: 'secure' }),
      judged('a', { outcome: 'secure', wellFormed: false }),
      judged('b', { outcome: 'insecure', truncated: true, parses: false, wellFormed: false }),
      judged('b', { outcome: 'other', degenerate: true, refusal: true, parses: false }),
      judged('c', { outcome: 'insecure' }),
    ]);
    const hits = Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, rate.hits]));
    expect(hits).toEqual({
      secure: 2,
      insecure: 2,
      other: 1,
      secureWellFormed: 1,
      parses: 3,
      wellFormed: 3,
      degenerate: 1,
      truncated: 1,
      refusal: 1,
    });
    expect(rates.secure.value + rates.insecure.value + rates.other.value).toBeCloseTo(1, 12);
  });
  it('of nothing holds no NaN', () => {
    for (const rate of Object.values(outcomeRates([]))) {
      expect(rate).toEqual({ hits: 0, total: 0, value: 0, low: 0, high: 1 });
    }
  });
});

it('isRepaired asks for secure and well-formed', () => {
  expect(isRepaired(judged('a', { outcome: 'secure' }))).toBe(true);
  expect(isRepaired(judged('a', { outcome: 'secure', wellFormed: false }))).toBe(false);
  expect(isRepaired(judged('a', { outcome: 'insecure' }))).toBe(false);
});

describe('pairedDifference', () => {
  const isSecure = (c: ReturnType<typeof judged>) => c.judgement.outcome === 'secure';
  const arm = (shares: Record<string, [number, number]>) =>
    observations(shares).map(({ base, hit }) => secure(base, hit));

  it('is positive where the first has more', () => {
    const better = arm({ a: [4, 4], b: [3, 4], c: [4, 4] });
    const worse = arm({ a: [1, 4], b: [1, 4], c: [0, 4] });
    const up = pairedDifference(better, worse, isSecure);
    expect(up.value).toBeCloseTo((3 + 2 + 4) / 12, 12);
    expect(up.low).toBeGreaterThan(0);
    // Three bases that all rise: 2 of the 8 ways to draw their signs are as extreme.
    expect(up.p).toBe(0.25);
    const down = pairedDifference(worse, better, isSecure);
    expect(down.value).toBeCloseTo(-up.value, 12);
    expect(down.low).toBeCloseTo(-up.high, 2);
    expect(down.p).toBe(up.p);
  });
  it('weighs bases by their items in the value, and evenly in the test', () => {
    const first = arm({ a: [6, 6], b: [0, 2] });
    const second = arm({ a: [0, 6], b: [2, 2] });
    const { value, p } = pairedDifference(first, second, isSecure);
    expect(value).toBeCloseTo((6 - 2) / 8, 12);
    expect(p).toBe(1); // base means +1 and -1
  });
  it('pairs item by item: an interval is narrow where each item gains alike', () => {
    // Bases as unlike as can be, but in each exactly half the items gain.
    const before = arm({ a: [0, 4], b: [2, 4], c: [0, 4], d: [2, 4] });
    const after = arm({ a: [2, 4], b: [4, 4], c: [2, 4], d: [4, 4] });
    const { value, low, high } = pairedDifference(after, before, isSecure);
    expect([value, low, high]).toEqual([0.5, 0.5, 0.5]);
  });
  it('of a condition with itself is nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean())), (items) => {
        const one = items.map(([base, hit]) => secure(base, hit));
        const { value, low, high, p } = pairedDifference(one, one, isSecure);
        expect(value).toBe(0);
        expect(low).toBeLessThanOrEqual(0);
        expect(high).toBeGreaterThanOrEqual(0);
        expect(p).toBe(1);
      }),
      { seed: 1, numRuns: 20 },
    );
  });
  it('of nothing is 0, and could be anything', () => {
    expect(pairedDifference([], [], isSecure)).toEqual({ value: 0, low: -1, high: 1, p: 1 });
  });
});
