import {
  type BlockMatrix,
  type Graph,
  gatherNBits,
  matMulNBits,
  type Value,
} from '../../graph/index.js';
import type { Build } from '../../models/index.js';
import type { TensorEntry } from '../../tensor/index.js';
import { type Bits, BLOCK } from './rounding.js';

/** Where a matrix [n, k] in few bits lies. */
export interface StoredMatrix {
  bits: Bits;
  k: number;
  codes: TensorEntry;
  scales: TensorEntry;
  zeros: TensorEntry | undefined;
}

/** The part of a build that serves matrices in few bits, in place from their file. */
export function quantisedProducts(
  graph: Graph,
  matrices: ReadonlyMap<string, StoredMatrix>,
): Required<Pick<Build, 'product' | 'rows'>> {
  const made = new Map<string, Value>();
  const inPlace = (entry: TensorEntry, name: string, dims: readonly number[]): Value => {
    const { file, offset, byteLength: length, dtype } = entry;
    const value = made.get(name) ?? graph.external(name, dtype, dims, { file, offset, length });
    made.set(name, value);
    return value;
  };
  /** As a factor or as a table: the same bytes, whose codes ONNX Runtime wants in two shapes. */
  const matrixOf = (name: string, use: 'factor' | 'table'): BlockMatrix | undefined => {
    const found = matrices.get(name);
    if (!found) return undefined;
    const { bits, k, codes, scales, zeros } = found;
    const [n, blocks, bytes] = codes.dims as [number, number, number];
    const part = (entry: TensorEntry, dims = entry.dims) =>
      inPlace(entry, `${use} ${entry.name}`, dims);
    return {
      bits,
      block: BLOCK[bits],
      k,
      codes: part(codes, use === 'factor' ? codes.dims : [n, blocks * bytes]),
      scales: part(scales),
      zeros: zeros && part(zeros),
    };
  };
  return {
    product: (name, x) => {
      const matrix = matrixOf(name, 'factor');
      return matrix && matMulNBits(x, matrix);
    },
    rows: (name, ids) => {
      const matrix = matrixOf(name, 'table');
      return matrix && gatherNBits(matrix, ids);
    },
  };
}
