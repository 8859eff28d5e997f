import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FunctionPair } from '../../evaluate/index.js';
import { distinctPairs, groupedSplit } from './distinct.js';

fc.configureGlobal({ seed: 1 });

const pair = (id: string, group: string, vulnerable: string, secure: string): FunctionPair => ({
  id,
  group,
  vulnerable,
  secure,
  cwe: undefined,
  language: undefined,
  request: undefined,
  changes: undefined,
});

it('leaves out identical and repeated pairs, and joins groups that share a function', () => {
  const { pairs, leftOut } = distinctPairs([
    pair('1', 'a', 'x', 'y'),
    pair('2', 'a', 'same', 'same'),
    pair('3', 'b', 'x ', ' y'),
    pair('4', 'c', 'p', 'q'),
    pair('5', 'd', 'q', 'r'),
    pair('6', 'a', 'r', 's'),
    pair('7', 'e', 'u', 'v'),
  ]);
  expect(leftOut).toEqual({ identical: ['2'], repeated: ['3'] });
  expect(pairs.map(({ id }) => id)).toEqual(['1', '4', '5', '6', '7']);
  // a is joined to c by way of d, and all of it has one name.
  expect(new Set(pairs.slice(0, 4).map(({ group }) => group)).size).toBe(1);
});

it('does not join bases whose answers are alike', () => {
  const asked = (id: string, group: string) => ({
    ...pair(id, group, 'v', 's'),
    request: `Write ${id}.`,
  });
  const { pairs } = distinctPairs([asked('1', 'a'), asked('2', 'b'), asked('1', 'a')]);
  expect(pairs.map(({ group }) => group)).toEqual(['a', 'b']);
});

it('never parts a group, fills the share as far as groups fit, and follows its seed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(9).map(String), { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(5),
      (groups, share, seed) => {
        const items = groups.map((group, i) => ({ group, i }));
        const { train, validation } = groupedSplit(items, share, seed);
        expect([...train, ...validation].sort((a, b) => a.i - b.i)).toEqual(items);
        const own = new Set(validation.map(({ group }) => group));
        expect(train.some(({ group }) => own.has(group))).toBe(false);
        const room = Math.round(share * items.length) - validation.length;
        expect(room).toBeGreaterThanOrEqual(0);
        // No group that is trained on would have fitted.
        for (const group of new Set(train.map((item) => item.group))) {
          expect(train.filter((item) => item.group === group).length).toBeGreaterThan(room);
        }
        expect(groupedSplit(items.toReversed(), share, seed).validation.length).toBe(
          validation.length,
        );
      },
    ),
  );
});
