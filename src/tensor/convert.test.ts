import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './index.js';

// The same cases on every run.
fc.configureGlobal({ seed: 1 });

const allBits = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const isNaNs = {
  f16: (h: number) => (h & 0x7fff) > 0x7c00,
  bf16: (h: number) => (h & 0x7fff) > 0x7f80,
};

const formats = [
  { name: 'f16', widen: f16ToF32, narrow: f32ToF16, mantissa: 10, emin: -14, emax: 15 },
  { name: 'bf16', widen: bf16ToF32, narrow: f32ToBf16, mantissa: 7, emin: -126, emax: 127 },
] as const;

/** `x` rounded to nearest even in such a format, by exact arithmetic in f64. */
function rounded(x: number, { mantissa, emin, emax }: (typeof formats)[number]): number {
  if (!Number.isFinite(x) || x === 0) return x;
  let exponent = Math.floor(Math.log2(Math.abs(x)));
  if (2 ** exponent > Math.abs(x)) exponent--;
  const step = 2 ** (Math.max(exponent, emin) - mantissa);
  const steps = Math.abs(x) / step;
  const down = Math.floor(steps);
  const up = steps - down > 0.5 || (steps - down === 0.5 && down % 2 === 1);
  const magnitude = (up ? down + 1 : down) * step;
  return Math.sign(x) * (magnitude >= 2 ** (emax + 1) ? Number.POSITIVE_INFINITY : magnitude);
}

describe.each(formats)('$name', (format) => {
  const { name, widen, narrow } = format;
  const single = (x: number) => widen(narrow(Float32Array.of(x)))[0]!;

  it('comes back from f32 with the same bits, each of the 65536; NaN stays NaN', () => {
    const back = narrow(widen(allBits));
    for (const bits of allBits) {
      if (isNaNs[name](bits)) expect(isNaNs[name](back[bits]!)).toBe(true);
      else if (back[bits] !== bits) expect(back[bits]).toBe(bits);
    }
  });
  it('sends the middle between neighbours to the even one', () => {
    // The bits of positive finite values are in order, so that bits + 1 is the next value.
    const values = widen(allBits);
    const last = allBits.findIndex((bits) => values[bits] === Number.POSITIVE_INFINITY) - 1;
    const middles = Float32Array.from(
      { length: last },
      (_, h) => (values[h]! + values[h + 1]!) / 2,
    );
    const even = Array.from({ length: last }, (_, h) => h + (h & 1));
    expect([...narrow(middles)]).toEqual(even);
    const negative = narrow(middles.map((x) => -x));
    expect([...negative]).toEqual(even.map((h) => h | 0x8000));
  });
  it('rounds any f32 to nearest even', () => {
    fc.assert(
      fc.property(fc.float(), (x) => {
        expect(single(x)).toBe(rounded(x, format));
      }),
      { numRuns: 2000 },
    );
  });
  it('reads a view in the middle of a buffer', () => {
    const view = Float32Array.of(9, 1.5, -2, 9).subarray(1, 3);
    expect([...widen(narrow(view))]).toEqual([1.5, -2]);
  });
  it('keeps a NaN whose payload is in the dropped bits', () => {
    const nan = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001).buffer);
    expect([...narrow(nan)].map(isNaNs[name])).toEqual([true, true]);
  });
});

describe('known values', () => {
  it('of f16', () => {
    const known = [
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0400, 2 ** -14],
      [0x03ff, 1023 * 2 ** -24],
      [0x0001, 2 ** -24],
      [0x8000, -0],
      [0x3555, 0.333251953125],
      [0xfc00, Number.NEGATIVE_INFINITY],
    ] as const;
    for (const [bits, value] of known) {
      expect(f16ToF32(Uint16Array.of(bits))[0]).toBe(value);
      expect(f32ToF16(Float32Array.of(value))[0]).toBe(bits);
    }
    expect([...f32ToF16(Float32Array.of(65519, 65520, 2 ** -25, 2 ** -25 * 1.01))]).toEqual([
      0x7bff, 0x7c00, 0, 1,
    ]);
  });
  it('of bf16', () => {
    const known = [
      [0x3f80, 1],
      [0xc000, -2],
      [0x4049, 3.140625],
      [0x0001, 2 ** -133],
      [0x7f80, Number.POSITIVE_INFINITY],
    ] as const;
    for (const [bits, value] of known) {
      expect(bf16ToF32(Uint16Array.of(bits))[0]).toBe(value);
      expect(f32ToBf16(Float32Array.of(value))[0]).toBe(bits);
    }
    // The largest f32 is nearer to 2^128 than to the largest bf16.
    expect(f32ToBf16(Float32Array.of(3.4028234663852886e38))[0]).toBe(0x7f80);
  });
});
