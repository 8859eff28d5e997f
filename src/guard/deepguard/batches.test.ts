import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TokenPair } from '../data/tokens.js';
import { inBatches, PairBatches, tokenPrior } from './batches.js';

fc.configureGlobal({ seed: 1 });

const sequence = (ids: number[]) => ({ ids, requestLength: 0, changed: ids.map(() => true) });
const pair = (vulnerable: number[], secure: number[], id = 'p'): TokenPair => ({
  id,
  cwe: undefined,
  group: 'g',
  language: undefined,
  vulnerable: sequence(vulnerable),
  secure: sequence(secure),
});

it('moves the prior by 0.01 for every occurrence, up where secure and down where vulnerable', () => {
  const prior = tokenPrior([[pair([1, 2, 2], [1, 3]), pair([2], [3, 4])]], 6);
  expect([...prior].map((x) => Math.round(100 * x))).toEqual([0, 0, -3, 2, 1, 0]);
});

it('holds it within its bounds after every batch, so that the order counts', () => {
  const many = (count: number, id: number) => Array<number>(count).fill(id);
  const up = [pair([0], many(150, 1))];
  const down = [pair(many(120, 1), [0])];
  expect(tokenPrior([up], 2)[1]).toBe(1);
  expect(tokenPrior([up, down], 2)[1]).toBeCloseTo(-0.2, 6);
  expect(tokenPrior([down, up], 2)[1]).toBeCloseTo(0.5, 6);
});

it('gives every pair once an epoch, whatever was asked before, and follows its seed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6 }), (n, batchSize) => {
      const pairs = Array.from({ length: n }, (_, i) => pair([i], [i + 1], `${i}`));
      const data = new PairBatches(pairs, { batchSize, seed: 3 });
      const epoch = (number: number) =>
        Array.from({ length: data.perEpoch }, (_, i) => data.batch(number * data.perEpoch + i));
      const second = epoch(1).flat();
      expect(epoch(0).flat().sort(byId)).toEqual([...pairs].sort(byId));
      expect(epoch(1).flat()).toEqual(second);
      expect(data.batch(0).length).toBe(Math.min(n, batchSize));
      expect(new PairBatches(pairs, { batchSize, seed: 3 }).batch(1)).toEqual(data.batch(1));
    }),
  );
  const pairs = Array.from({ length: 20 }, (_, i) => pair([i], [i + 1], `${i}`));
  const first = (seed: number) => new PairBatches(pairs, { batchSize: 20, seed }).batch(0);
  expect(first(1)).not.toEqual(first(2));
  expect(inBatches(pairs, 8).map(({ length }) => length)).toEqual([8, 8, 4]);
  expect(() => new PairBatches([], { batchSize: 8, seed: 0 })).toThrow('There is no pair');
});

const byId = (a: TokenPair, b: TokenPair) => Number(a.id) - Number(b.id);
