import type { DType } from './dtype.js';

/** bfloat16 bits to float32: exact. */
export function bf16ToF32(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16;
  return new Float32Array(wide.buffer);
}

/** float32 to bfloat16 bits, rounded to nearest, ties to even; NaN stays NaN. */
export function f32ToBf16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    const nan = (x & 0x7fffffff) > 0x7f800000;
    out[i] = nan ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return out;
}

let halves: Float32Array | undefined;

/** float16 bits to float32: exact, by a table of all 65536 values. */
export function f16ToF32(bits: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, x) => {
    const sign = x & 0x8000 ? -1 : 1;
    const exponent = (x >> 10) & 0x1f;
    const mantissa = x & 0x3ff;
    if (exponent === 0) return sign * mantissa * 2 ** -24;
    if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  });
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = halves[bits[i]!]!;
  return out;
}

/** float32 to float16 bits, rounded to nearest, ties to even; beyond 65504 is infinity. */
export function f32ToF16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    if (magnitude > 0x7f800000) out[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) out[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000) {
      // A normal half: move the exponent's bias from 127 to 15 and drop 13 bits.
      const rebased = magnitude - 0x38000000;
      out[i] = sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
    } else {
      // A subnormal half is a multiple of 2^-24.
      out[i] = sign | roundHalfEven(Math.abs(values[i]!) * 2 ** 24);
    }
  }
  return out;
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

const bitsOf = (values: Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** Raw bytes of any element type as float32; 64-bit values lose what float32 cannot hold. */
export function toF32(dtype: DType, bytes: Uint8Array): Float32Array {
  // A copy is aligned, whatever the offset in the file was.
  const { buffer } = bytes.byteOffset === 0 ? bytes : bytes.slice();
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer, 0, bytes.length / 4);
    case 'bf16':
      return bf16ToF32(new Uint16Array(buffer, 0, bytes.length / 2));
    case 'f16':
      return f16ToF32(new Uint16Array(buffer, 0, bytes.length / 2));
    case 'f64':
      return Float32Array.from(new Float64Array(buffer, 0, bytes.length / 8));
    case 'i64':
      return Float32Array.from(new BigInt64Array(buffer, 0, bytes.length / 8), Number);
    case 'i32':
      return Float32Array.from(new Int32Array(buffer, 0, bytes.length / 4));
    case 'i16':
      return Float32Array.from(new Int16Array(buffer, 0, bytes.length / 2));
    case 'i8':
      return Float32Array.from(new Int8Array(buffer, 0, bytes.length));
    case 'u8':
    case 'bool':
      return Float32Array.from(bytes);
  }
}

/** float32 values as raw bytes of a type that weights have; ties round to even. */
export function fromF32(dtype: 'f32' | 'f16' | 'bf16', values: Float32Array): Uint8Array {
  const typed = { f32: () => values, f16: () => f32ToF16(values), bf16: () => f32ToBf16(values) };
  const { buffer, byteOffset, byteLength } = typed[dtype]();
  return new Uint8Array(buffer, byteOffset, byteLength);
}
