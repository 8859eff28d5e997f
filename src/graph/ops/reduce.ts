import { type Dims, dimProduct, resolveAxis, sameDims } from '../dims.js';
import type { Value } from '../graph.js';
import { scale } from './elementwise.js';
import { expand, reshape } from './shape.js';

/** Sum over `axes` (all when none are given). */
export function reduceSum(x: Value, axes?: readonly number[], keepDims = false): Value {
  return reduce('ReduceSum', x, axes, keepDims);
}

/** Mean over `axes`, whose sizes must be known numbers. */
export function reduceMean(x: Value, axes: readonly number[], keepDims = false): Value {
  const count = axes.reduce((product, axis) => product * x.size(axis), 1);
  return scale(reduce('ReduceSum', x, axes, keepDims), 1 / count);
}

function reduce(
  op: string,
  x: Value,
  axes: readonly number[] | undefined,
  keepDims: boolean,
): Value {
  const reduced = new Set((axes ?? x.dims.map((_, i) => i)).map((a) => resolveAxis(op, a, x.dims)));
  const kept = x.dims.map((dim, axis) => (reduced.has(axis) ? 1 : dim));
  const dims = keepDims ? kept : x.dims.filter((_, axis) => !reduced.has(axis));
  return x.graph.node(op, [x, x.graph.integers([...reduced])], [{ dtype: x.dtype, dims }], {
    attributes: { keepdims: keepDims ? 1 : 0 },
    backward: ([dy]) => [expand(keepDims ? dy! : reshape(dy!, kept), x.dims)],
  })[0]!;
}

/** Sums a gradient over the axes that broadcasting had stretched, back to the shape `dims`. */
export function reduceTo(x: Value, dims: Dims): Value {
  if (sameDims(x.dims, dims)) return x;
  const lead = x.dims.length - dims.length;
  const stretched = x.dims
    .map((dim, axis) => ({ dim, axis }))
    .filter(({ dim, axis }) => axis < lead || dims[axis - lead] !== dim)
    .map(({ axis }) => axis);
  const summed = reduceSum(x, stretched, true);
  return dimProduct(summed.dims) === dimProduct(dims) ? reshape(summed, dims) : summed;
}
