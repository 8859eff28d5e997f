import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Batches, inBatches } from './batches.js';

fc.configureGlobal({ seed: 1 });

it('gives every item once an epoch, whatever was asked before, and follows its seed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6 }), (n, batchSize) => {
      const items = [...Array(n).keys()];
      const data = new Batches(items, { batchSize, seed: 3 });
      const epoch = (number: number) =>
        Array.from({ length: data.perEpoch }, (_, i) => data.batch(number * data.perEpoch + i));
      const second = epoch(1).flat();
      expect(
        epoch(0)
          .flat()
          .sort((a, b) => a - b),
      ).toEqual(items);
      expect(epoch(1).flat()).toEqual(second);
      expect(data.batch(0).length).toBe(Math.min(n, batchSize));
      expect(new Batches(items, { batchSize, seed: 3 }).batch(1)).toEqual(data.batch(1));
    }),
  );
  const items = [...Array(20).keys()];
  const first = (seed: number) => new Batches(items, { batchSize: 20, seed }).batch(0);
  expect(first(1)).not.toEqual(first(2));
  expect(inBatches(items, 8).map(({ length }) => length)).toEqual([8, 8, 4]);
  expect(() => new Batches([], { batchSize: 8, seed: 0 })).toThrow('There is nothing to learn');
});
