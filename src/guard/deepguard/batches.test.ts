import { expect, it } from 'vitest';
import type { TokenPair } from '../data/tokens.js';
import { tokenPrior } from './batches.js';

const sequence = (ids: number[]) => ({ ids, requestLength: 0, changed: ids.map(() => true) });
const pair = (vulnerable: number[], secure: number[]): TokenPair => ({
  id: 'p',
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
