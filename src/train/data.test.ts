import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Batch, type Example, PackedData, packRows, toBatch } from './data.js';

fc.configureGlobal({ seed: 1 });

const example = (tokens: number[]): Example => ({ tokens, weights: tokens.map((t) => t / 10) });
/** Examples whose tokens are all different, so that none can be taken for another. */
const examplesOf = (sizes: readonly number[]) => {
  let next = 1;
  return sizes.map((size) => example(Array.from({ length: size }, () => next++)));
};
const anyExamples = fc
  .array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 60 })
  .map(examplesOf);

/** The examples that a batch holds, read back from its segments. */
function unpack({ tokens, positions, segments, weights, labels }: Batch): Example[] {
  return tokens.flatMap((row, r) =>
    [...new Set(segments[r])].map((segment) => {
      const at = row.flatMap((_, i) => (segments[r]![i] === segment ? [i] : []));
      expect(at.map((i) => positions[r]![i])).toEqual([...at.keys()]);
      const ids = at.map((i) => row[i]!);
      // Each position predicts the next token of its own example; the last predicts nothing.
      for (const [n, i] of at.entries()) {
        if (n + 1 < at.length) expect(labels[r]![i]).toBe(ids[n + 1]);
        else expect(weights[r]![i]).toBe(0);
      }
      return { tokens: ids, weights: [0, ...at.slice(0, -1).map((i) => weights[r]![i]!)] };
    }),
  );
}

describe('packRows', () => {
  it('keeps every example whole, once, in rows that hold them, in order', () => {
    fc.assert(
      fc.property(anyExamples, fc.integer({ min: 12, max: 30 }), (examples, length) => {
        const rows = packRows(examples, length);
        for (const row of rows) {
          const size = row.reduce((sum, { tokens }) => sum + tokens.length, 0);
          expect(size).toBeLessThanOrEqual(length);
          const order = row.map((item) => examples.indexOf(item));
          expect(order).toEqual(order.toSorted((a, b) => a - b));
        }
        const firsts = (list: readonly Example[]) => list.map(({ tokens }) => tokens[0]!);
        expect(firsts(rows.flat()).sort((a, b) => a - b)).toEqual(firsts(examples));
      }),
    );
  });

  it('fills rows', () => {
    const sizes = (rows: Example[][]) => rows.map((row) => row.map(({ tokens }) => tokens.length));
    expect(sizes(packRows(examplesOf([5, 5, 3, 7, 2]), 10))).toEqual([[5, 5], [3, 7], [2]]);
    expect(sizes(packRows(examplesOf([6, 7, 4, 3]), 10))).toEqual([
      [6, 4],
      [7, 3],
    ]);
  });

  it('refuses an example that is longer than a row', () => {
    expect(() => packRows(examplesOf([3, 11]), 10)).toThrow(
      'An example has 11 tokens; rows have 10.',
    );
  });
});

describe('toBatch', () => {
  it('lays out every token once, with its position, weight and label', () => {
    fc.assert(
      fc.property(anyExamples, fc.integer({ min: 12, max: 30 }), (examples, length) => {
        const rows = packRows(examples, length);
        const batch = toBatch(rows, length);
        for (const part of Object.values(batch)) {
          for (const row of part) expect(row).toHaveLength(length);
        }
        const held = unpack(batch).filter(({ tokens }) => tokens.some((token) => token !== 0));
        expect(held.map(({ tokens }) => tokens)).toEqual(rows.flat().map(({ tokens }) => tokens));
        for (const [i, { weights }] of held.entries()) {
          expect(weights.slice(1)).toEqual(rows.flat()[i]!.weights.slice(1));
        }
      }),
    );
  });

  it('pads with nothing to learn, in a segment of its own', () => {
    expect(toBatch([[example([7, 8]), example([9])]], 5)).toEqual({
      tokens: [[7, 8, 9, 0, 0]],
      positions: [[0, 1, 0, 0, 1]],
      segments: [[0, 0, 1, 2, 2]],
      weights: [[0.8, 0, 0, 0, 0]],
      labels: [[8, 0, 0, 0, 0]],
    });
  });

  it('needs a weight for each token', () => {
    expect(() => toBatch([[{ tokens: [1, 2, 3], weights: [1] }]], 4)).toThrow(
      'An example has 3 tokens and 1 weights',
    );
  });
});

describe('PackedData', () => {
  const options = { length: 12, batchSize: 3, seed: 4 };
  const examples = examplesOf(Array.from({ length: 40 }, (_, i) => 4 + (i % 5)));
  const keyOf = (batch: Batch) => batch.tokens.map((row) => row[0]!);

  it('goes through the rows once an epoch, in another order each time', () => {
    const data = new PackedData(examples, options);
    const perEpoch = Math.floor(data.rows.length / 3);
    const epoch = (number: number) =>
      Array.from({ length: perEpoch }, (_, i) => keyOf(data.batch(number * perEpoch + i))).flat();
    for (const number of [0, 1]) expect(new Set(epoch(number)).size).toBe(3 * perEpoch);
    expect(epoch(1)).not.toEqual(epoch(0));
  });

  it('gives the same batch for the same number, whatever was asked before', () => {
    const forth = new PackedData(examples, options);
    const back = new PackedData(examples, options);
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    const there = numbers.map((n) => forth.batch(n));
    expect(
      numbers
        .toReversed()
        .map((n) => back.batch(n))
        .toReversed(),
    ).toEqual(there);
    const other = new PackedData(examples, { ...options, seed: 5 });
    expect(numbers.map((n) => other.batch(n))).not.toEqual(there);
  });

  it('needs enough rows for a batch', () => {
    expect(() => new PackedData(examplesOf([3, 3]), options)).toThrow(
      'The examples fill 1 rows of 12 tokens; a batch needs 3.',
    );
  });
});
