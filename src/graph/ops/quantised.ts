import { shapeClash } from '../dims.js';
import type { Value } from '../graph.js';
import { split } from './shape.js';

/**
 * A matrix [n, k] in few bits: w = scale * (code - zero), in blocks of weights along k that share a
 * scale and a zero point. What fills up the last block of a row does not count.
 */
export interface BlockMatrix {
  bits: 4 | 8;
  /** Weights in a block. */
  block: number;
  k: number;
  /** u8 [n, blocks, block * bits / 8]; for `gatherNBits` the last two axes are one. */
  codes: Value;
  /** f32 [n, blocks] */
  scales: Value;
  /** u8 [n, blocks], at 4 bits [n, ceil(blocks / 2)]; where there are none, all are the middle code. */
  zeros?: Value | undefined;
}

const inputsOf = ({ scales, zeros }: BlockMatrix) => (zeros ? [scales, zeros] : [scales]);

/**
 * `x W^T`, x [..., k] to [..., n]. ONNX Runtime rounds x to 8 bits too, in blocks of the same size,
 * which adds an error of about 0.5 % to a product. There is no gradient.
 */
export function matMulNBits(x: Value, matrix: BlockMatrix): Value {
  const { bits, block, k, codes } = matrix;
  const n = codes.size(0);
  if (x.dims.at(-1) !== k) throw shapeClash('MatMulNBits', x.dims, [n, k]);
  return x.graph.node(
    'MatMulNBits',
    [x, codes, ...inputsOf(matrix)],
    [{ dtype: 'f32', dims: x.dims.with(-1, n) }],
    {
      // Level 4 is the one with products of 8-bit numbers, for which processors have instructions.
      attributes: { K: k, N: n, bits, block_size: block, accuracy_level: 4 },
      domain: 'com.microsoft',
    },
  )[0]!;
}

/** Rows of a matrix at integer `indices` [...shape], as f32 [...shape, k]: exact. There is no gradient. */
export function gatherNBits(matrix: BlockMatrix, indices: Value): Value {
  const { bits, block, k, codes } = matrix;
  const width = (codes.size(1) * 8) / bits;
  const rows = indices.graph.node(
    'GatherBlockQuantized',
    [codes, indices, ...inputsOf(matrix)],
    [{ dtype: 'f32', dims: [...indices.dims, width] }],
    {
      attributes: { bits, block_size: block, gather_axis: 0, quantize_axis: 1 },
      domain: 'com.microsoft',
    },
  )[0]!;
  return width === k ? rows : split(rows, [k, width - k], -1)[0]!;
}
