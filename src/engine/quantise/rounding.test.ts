import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bits, BLOCK, quantiseRows, rowSizes } from './rounding.js';
import { dequantise } from './testing/dequantise.js';

const rounded = (values: ArrayLike<number>, k: number, bits: Bits) =>
  dequantise(quantiseRows(Float32Array.from(values), k, bits)!, k, bits);

/** Rounding over the block's whole range, to which every step of this room must be an improvement. */
function plain(block: readonly number[], bits: Bits): number[] {
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
const bitsOf = fc.constantFrom<Bits>(4, 8);

describe('rounding', () => {
  it('leaves no more error in any block than plain rounding over its range', () => {
    fc.assert(
      fc.property(bitsOf, fc.array(weight, { minLength: 1, maxLength: 200 }), (bits, drawn) => {
        const values = drawn.map(Math.fround);
        const found = rounded(values, values.length, bits);
        for (let from = 0; from < values.length; from += BLOCK[bits]) {
          const block = values.slice(from, from + BLOCK[bits]);
          const own = squaredError(block, found.subarray(from, from + BLOCK[bits]));
          // The scale is stored as a float32, and what is below the smallest normal one is 0.
          const energy = block.reduce((sum, w) => sum + w * w, 0);
          const allowed = squaredError(block, plain(block, bits)) * (1 + 1e-5) + 1e-12 * energy;
          expect(own).toBeLessThanOrEqual(allowed + block.length * 2 ** -200);
        }
      }),
    );
  });

  it('is exact where the weights are whole steps and span all codes', () => {
    fc.assert(
      fc.property(
        bitsOf,
        fc.integer({ min: -20, max: 20 }),
        fc.integer({ min: 0, max: 15 }),
        fc.infiniteStream(fc.nat()),
        (bits, exponent, zero, draws) => {
          const scale = 2 ** exponent;
          const [least, most] = bits === 4 ? [-zero, 15 - zero] : [-127, 127];
          const values = Array.from({ length: BLOCK[bits] }, (_, i) => {
            if (i === 0) return scale * least;
            if (i === 1) return scale * most;
            return scale * (least + (draws.next().value! % (most - least + 1)));
          });
          expect([...rounded(values, values.length, bits)]).toEqual(values.map((w) => w + 0));
        },
      ),
    );
  });

  it('rounds each row and block on its own', () => {
    const k = BLOCK[8] + 5; // a whole block and a part of one, at either width
    const values = Float32Array.from({ length: 3 * k }, (_, i) => Math.sin(i * i) * 2 ** (i % 7));
    for (const bits of [4, 8] as const) {
      const rows = [0, 1, 2].flatMap((row) => [
        ...rounded(values.subarray(row * k, (row + 1) * k), k, bits),
      ]);
      expect([...rounded(values, k, bits)]).toEqual(rows);
      const start = rounded(values.subarray(0, BLOCK[bits]), BLOCK[bits], bits);
      expect(rows.slice(0, BLOCK[bits])).toEqual([...start]);
    }
  });

  it.each([4, 8] as const)('zeros, constants, denormals and extremes at %i bits', (bits) => {
    const size = BLOCK[bits];
    const of = (value: number) => new Float32Array(size).fill(value);
    expect([...rounded(of(0), size, bits)]).toEqual([...of(0)]);
    for (const value of [1, -1, 0.1, 3e-30, 1e38, -1e38]) {
      const [w] = rounded(of(value), size, bits);
      expect(Math.abs(w! / Math.fround(value) - 1)).toBeLessThan(1e-6);
    }
    // Smaller than any scale: 0, and no division by it.
    expect([...rounded(of(1e-45), size, bits)]).toEqual([...of(0)]);
    const lone = of(0);
    lone[3] = 5;
    expect(rounded(lone, size, bits)[3]).toBeCloseTo(5, 5);
  });

  it('fills up a last block with codes of 0', () => {
    const k = 40;
    const { codes, zeros } = quantiseRows(new Float32Array(k).fill(7), k, 4)!;
    const zero = zeros[0]! >> 4; // of the second block
    expect(codes).toHaveLength(rowSizes(k, 4).codes);
    expect([...codes.subarray(20)]).toEqual(Array(12).fill(zero | (zero << 4)));
    const eight = quantiseRows(new Float32Array(k).fill(7), k, 8)!;
    expect([...eight.codes.subarray(k)]).toEqual(Array(BLOCK[8] - k).fill(128));
    expect(eight.zeros).toHaveLength(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses %d',
    (value) => {
      const values = new Float32Array(100).fill(0.5);
      values[77] = value;
      expect(quantiseRows(values, 50, 4)).toBeUndefined();
      expect(quantiseRows(values, 50, 8)).toBeUndefined();
    },
  );
});
