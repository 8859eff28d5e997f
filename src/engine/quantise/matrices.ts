import {
  type BlockMatrix,
  type Graph,
  gatherNBits,
  matMulNBits,
  type Value,
} from '../../graph/index.js';
import type { Build } from '../../models/index.js';
import type { TensorEntry } from '../../tensor/index.js';
import type { Format } from './rounding.js';

/** Where a matrix [n, k] in few bits lies. */
export interface StoredMatrix {
  format: Format;
  k: number;
  codes: TensorEntry;
  scales: TensorEntry;
  zeros: TensorEntry | undefined;
}

/** A weight as the factor of a product, and as the table whose rows are looked up. */
export interface MatrixRoles {
  factor: StoredMatrix | undefined;
  table: StoredMatrix | undefined;
}

/** The part of a build that serves matrices in few bits, in place from their file. */
export function quantisedProducts(
  graph: Graph,
  matrices: ReadonlyMap<string, MatrixRoles>,
): Required<Pick<Build, 'product' | 'rows'>> {
  const made = new Map<string, Value>();
  const inPlace = (entry: TensorEntry, name: string, dims: readonly number[]): Value => {
    const { file, offset, byteLength: length, dtype } = entry;
    const value = made.get(name) ?? graph.external(name, dtype, dims, { file, offset, length });
    made.set(name, value);
    return value;
  };
  /** ONNX Runtime wants the codes of factors and of tables in different shapes. */
  const valuesOf = (matrix: StoredMatrix, role: keyof MatrixRoles): BlockMatrix => {
    const { format, k, codes, scales, zeros } = matrix;
    const [n, blocks, bytes] = codes.dims as [number, number, number];
    const part = (entry: TensorEntry, dims = entry.dims) =>
      inPlace(entry, `${role} ${entry.name}`, dims);
    return {
      ...format,
      k,
      codes: part(codes, role === 'factor' ? codes.dims : [n, blocks * bytes]),
      scales: part(scales),
      zeros: zeros && part(zeros),
    };
  };
  return {
    product: (name, x) => {
      const matrix = matrices.get(name)?.factor;
      return matrix && matMulNBits(x, valuesOf(matrix, 'factor'));
    },
    rows: (name, ids) => {
      const matrix = matrices.get(name)?.table;
      return matrix && gatherNBits(valuesOf(matrix, 'table'), ids);
    },
  };
}
