import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Format, quantiseRows, rowSizes } from './rounding.js';
import { dequantise } from './testing/dequantise.js';

const FORMATS: readonly Format[] = [
  { bits: 4, block: 32 },
  { bits: 4, block: 128 },
  { bits: 8, block: 64 },
];

const rounded = (values: ArrayLike<number>, k: number, format: Format) =>
  dequantise(quantiseRows(Float32Array.from(values), k, format)!, k, format);

/** Rounding over the block's whole range, to which every step of this room must be an improvement. */
function plain(block: readonly number[], { bits }: Format): number[] {
  const low = Math.min(0, ...block);
  const high = Math.max(0, ...block);
  const top = 2 ** bits - 1;
  const scale = bits === 4 ? (high - low) / top : Math.max(-low, high) / 127;
  const zero = bits === 4 ? Math.round(-low / scale) : 128;
  const code = (w: number) => Math.min(top, Math.max(0, Math.round(w / scale) + zero));
  return block.map((w) => (scale === 0 ? 0 : scale * (code(w) - zero)));
}

const squaredError = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (x, i) => (x - b[i]!) ** 2).reduce((sum, e) => sum + e, 0);

/** Weights as they occur, some of them far out, and all sizes of float32 up to 1e38. */
const weight = fc.oneof(
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.float({ min: Math.fround(-1e38), max: Math.fround(1e38), noNaN: true }),
  fc.constant(0),
);
const anyFormat = fc.constantFrom(...FORMATS);

describe('rounding', () => {
  it('leaves no more error in any block than plain rounding over its range', () => {
    fc.assert(
      fc.property(
        anyFormat,
        fc.array(weight, { minLength: 1, maxLength: 300 }),
        (format, drawn) => {
          const values = drawn.map(Math.fround);
          const found = rounded(values, values.length, format);
          for (let from = 0; from < values.length; from += format.block) {
            const block = values.slice(from, from + format.block);
            const own = squaredError(block, found.subarray(from, from + format.block));
            // The scale is stored as a float32, and what is below the smallest normal one is 0.
            const energy = block.reduce((sum, w) => sum + w * w, 0);
            const allowed = squaredError(block, plain(block, format)) * (1 + 1e-5) + 1e-12 * energy;
            expect(own).toBeLessThanOrEqual(allowed + block.length * 2 ** -200);
          }
        },
      ),
    );
  });

  it('is exact where the weights are whole steps and span all codes', () => {
    fc.assert(
      fc.property(
        anyFormat,
        fc.integer({ min: -20, max: 20 }),
        fc.integer({ min: 0, max: 15 }),
        fc.infiniteStream(fc.nat()),
        (format, exponent, zero, draws) => {
          const scale = 2 ** exponent;
          const [least, most] = format.bits === 4 ? [-zero, 15 - zero] : [-127, 127];
          const values = Array.from({ length: format.block }, (_, i) => {
            if (i === 0) return scale * least;
            if (i === 1) return scale * most;
            return scale * (least + (draws.next().value! % (most - least + 1)));
          });
          expect([...rounded(values, values.length, format)]).toEqual(values.map((w) => w + 0));
        },
      ),
    );
  });

  it('rounds each row and block on its own', () => {
    const k = 133; // whole blocks and a part of one, in every format
    const values = Float32Array.from({ length: 3 * k }, (_, i) => Math.sin(i * i) * 2 ** (i % 7));
    for (const format of FORMATS) {
      const rows = [0, 1, 2].flatMap((row) => [
        ...rounded(values.subarray(row * k, (row + 1) * k), k, format),
      ]);
      expect([...rounded(values, k, format)]).toEqual(rows);
      const { block } = format;
      const start = rounded(values.subarray(0, block), block, format);
      expect(rows.slice(0, block)).toEqual([...start]);
    }
  });

  it.each(FORMATS)('zeros, constants, denormals and extremes in %o', (format) => {
    const size = format.block;
    const of = (value: number) => new Float32Array(size).fill(value);
    expect([...rounded(of(0), size, format)]).toEqual([...of(0)]);
    for (const value of [1, -1, 0.1, 3e-30, 1e38, -1e38]) {
      const [w] = rounded(of(value), size, format);
      expect(Math.abs(w! / Math.fround(value) - 1)).toBeLessThan(1e-6);
    }
    // Smaller than any scale: 0, and no division by it.
    expect([...rounded(of(1e-45), size, format)]).toEqual([...of(0)]);
    const lone = of(0);
    lone[3] = 5;
    expect(rounded(lone, size, format)[3]).toBeCloseTo(5, 5);
  });

  it('fills up a last block with codes of 0', () => {
    const k = 40;
    const four = { bits: 4, block: 32 } as const;
    const { codes, zeros } = quantiseRows(new Float32Array(k).fill(7), k, four)!;
    const zero = zeros[0]! >> 4; // of the second block
    expect(codes).toHaveLength(rowSizes(k, four).codes);
    expect([...codes.subarray(20)]).toEqual(Array(12).fill(zero | (zero << 4)));
    const eight = quantiseRows(new Float32Array(k).fill(7), k, { bits: 8, block: 64 })!;
    expect([...eight.codes.subarray(k)]).toEqual(Array(64 - k).fill(128));
    expect(eight.zeros).toHaveLength(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses %d',
    (value) => {
      const values = new Float32Array(100).fill(0.5);
      values[77] = value;
      for (const format of FORMATS) expect(quantiseRows(values, 50, format)).toBeUndefined();
    },
  );
});
