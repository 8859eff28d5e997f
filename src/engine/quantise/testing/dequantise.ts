import { type Format, type Quantised, rowSizes } from '../rounding.js';

/** The weights [rows, k] that codes, scales and zero points stand for, in double precision. */
export function dequantise(quantised: Quantised, k: number, format: Format): Float64Array {
  const { codes, scales, zeros } = quantised;
  const { bits, block: size } = format;
  const sizes = rowSizes(k, format);
  const rows = scales.length / sizes.blocks;
  const nibble = (bytes: Uint8Array, i: number) => (bytes[i >> 1]! >> (4 * (i & 1))) & 15;
  return Float64Array.from({ length: rows * k }, (_, i) => {
    const row = Math.floor(i / k);
    const block = Math.floor((i % k) / size);
    const at = row * sizes.blocks * size + (i % k);
    const scale = scales[row * sizes.blocks + block]!;
    if (bits === 8) return scale * (codes[at]! - 128);
    const zero = nibble(zeros.subarray(row * sizes.zeros), block);
    return scale * (nibble(codes, at) - zero);
  });
}
