import { expect, it } from 'vitest';
import { bagsOfTokens } from './index.js';

it('bags count tokens, whatever their order', () => {
  expect([...bagsOfTokens([[7, 8, 7], [9], []])]).toEqual([2, 1, 0, 0, 0, 1, 0, 0, 0]);
  expect([...bagsOfTokens([])]).toEqual([]);
});
