import { ensure } from '../core/index.js';

export type TypedArray =
  | Float64Array
  | Float32Array
  | Uint16Array
  | Int16Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array;

/** Values with a shape, in row-major order. */
export interface Tensor<A extends TypedArray = Float32Array> {
  dims: number[];
  data: A;
}

/** Number of values in a shape. */
export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/**
 * A tensor whose shape is checked against its data.
 * @throws {SutureError} BAD_ARGUMENT where the shape does not hold as many values
 */
export function tensor<A extends TypedArray>(dims: readonly number[], data: A): Tensor<A> {
  ensure(
    dims.every((dim) => Number.isInteger(dim) && dim >= 0) && sizeOf(dims) === data.length,
    'BAD_ARGUMENT',
    `A tensor of shape [${dims.join(', ')}] does not hold ${data.length} values.`,
  );
  return { dims: [...dims], data };
}
