import { type Bits, BLOCK, type Quantised, rowSizes } from '../rounding.js';

/** The weights [rows, k] that codes, scales and zero points stand for, in double precision. */
export function dequantise(quantised: Quantised, k: number, bits: Bits): Float64Array {
  const { codes, scales, zeros } = quantised;
  const sizes = rowSizes(k, bits);
  const rows = scales.length / sizes.blocks;
  const nibble = (bytes: Uint8Array, i: number) => (bytes[i >> 1]! >> (4 * (i & 1))) & 15;
  return Float64Array.from({ length: rows * k }, (_, i) => {
    const row = Math.floor(i / k);
    const block = Math.floor((i % k) / BLOCK[bits]);
    const at = row * sizes.blocks * BLOCK[bits] + (i % k);
    const scale = scales[row * sizes.blocks + block]!;
    if (bits === 8) return scale * (codes[at]! - 128);
    const zero = nibble(zeros.subarray(row * sizes.zeros), block);
    return scale * (nibble(codes, at) - zero);
  });
}
