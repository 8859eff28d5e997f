import { ensure } from '../../core/index.js';
import {
  type Dim,
  type Dims,
  dimProduct,
  dimSum,
  resolveAxis,
  sameDims,
  shapeClash,
  showDims,
} from '../dims.js';
import type { Graph, Value } from '../graph.js';
import { reduceTo } from './reduce.js';

/**
 * The same values in another shape; symbols in `dims` are resolved at run time.
 *
 * @param options.mayBeEmpty a dimension may be 0, of which ONNX cannot infer another. Defaults to false
 */
export function reshape(x: Value, dims: Dims, { mayBeEmpty = false } = {}): Value {
  if (sameDims(x.dims, dims)) return x;
  if (dimProduct(x.dims) !== dimProduct(dims)) {
    throw shapeClash('Reshape', x.dims, dims, 'hold different numbers of values');
  }
  const shape = mayBeEmpty ? runtimeShape(x, dims) : shapeOf(x, dims);
  return x.graph.node('Reshape', [x, shape], [{ dtype: x.dtype, dims }], {
    backward: ([dy]) => [reshape(dy!, x.dims, { mayBeEmpty })],
  })[0]!;
}

/** The shape tensor of a Reshape of `x` to `dims`: constant wherever 0 (copy) and -1 (rest) do. */
function shapeOf(x: Value, dims: Dims): Value {
  const codes = dims.map((dim, axis) => {
    if (typeof dim === 'number') return dim;
    return x.dims[axis] === dim ? 0 : undefined;
  });
  if (codes.filter((code) => code === undefined).length <= 1) {
    return x.graph.integers(codes.map((code) => code ?? -1));
  }
  return runtimeShape(x, dims);
}

/** A shape tensor read off the inputs that have the symbols: made once for a graph. */
function runtimeShape(x: Value, dims: Dims): Value {
  return x.graph.once(`shape ${showDims(dims)}`, () => {
    const sizes = dims.map((dim) => sizeOf(x, dim));
    const shape = { dtype: 'i64' as const, dims: [dims.length] };
    return x.graph.node('Concat', sizes, [shape], { attributes: { axis: 0 } })[0]!;
  });
}

function sizeOf(x: Value, dim: Dim): Value {
  if (typeof dim === 'number' || !/[*+]/.test(dim)) return x.graph.sizeOf(dim);
  const op = dim.includes('+') ? 'Add' : 'Mul';
  return dim
    .split(op === 'Add' ? '+' : '*')
    .map((part) => sizeOf(x, /^\d+$/.test(part) ? Number(part) : part))
    .reduce((a, b) => x.graph.node(op, [a, b], [{ dtype: 'i64', dims: [1] }])[0]!);
}

/** Broadcasts `x` to the shape `dims`. */
export function expand(x: Value, dims: Dims): Value {
  if (sameDims(x.dims, dims)) return x;
  return x.graph.node('Expand', [x, runtimeShape(x, dims)], [{ dtype: x.dtype, dims }], {
    backward: ([dy]) => [reduceTo(dy!, x.dims)],
  })[0]!;
}

/** 0, 1, ... up to, without, a dimension's size: i64 [size]. */
export function range(graph: Graph, size: Dim): Value {
  const scalar = (value: number) =>
    graph.constant('i64', { dims: [], data: BigInt64Array.of(BigInt(value)) });
  const limit = reshape(graph.sizeOf(size), []);
  return graph.node('Range', [scalar(0), limit, scalar(1)], [{ dtype: 'i64', dims: [size] }])[0]!;
}

/** Permutes the axes. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  ensure(
    permutation.length === x.dims.length,
    'BAD_GRAPH',
    `Transpose: [${permutation}] does not permute the axes of ${showDims(x.dims)}.`,
  );
  const dims = permutation.map((axis) => x.dims[resolveAxis('Transpose', axis, x.dims)]!);
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return x.graph.node('Transpose', [x], [{ dtype: x.dtype, dims }], {
    attributes: { perm: permutation },
    backward: ([dy]) => [transpose(dy!, inverse)],
  })[0]!;
}

/** Joins values along `axis`; all other dimensions must agree. */
export function concat(values: readonly Value[], axis: number): Value {
  const first = values[0]!;
  const at = resolveAxis('Concat', axis, first.dims);
  for (const { dims } of values) {
    const fits = dims.length === first.dims.length;
    if (!fits || dims.some((dim, i) => i !== at && dim !== first.dims[i])) {
      throw shapeClash('Concat', first.dims, dims);
    }
  }
  const dims = first.dims.with(at, dimSum(values.map((value) => value.dims[at]!)));
  return first.graph.node('Concat', values, [{ dtype: first.dtype, dims }], {
    attributes: { axis: at },
    backward: ([dy]) => splitAlike(dy!, values, at),
  })[0]!;
}

/** Cuts `x` along `axis` into pieces as long as `like` are there. */
function splitAlike(x: Value, like: readonly Value[], axis: number): Value[] {
  return split(
    x,
    like.map((value) => value.dims[axis]!),
    axis,
  );
}

/** Cuts `x` along `axis` into pieces of the given sizes; symbols are resolved at run time. */
export function split(x: Value, sizes: Dims, axis: number): Value[] {
  const at = resolveAxis('Split', axis, x.dims);
  if (dimSum(sizes) !== x.dims[at]) {
    throw shapeClash('Split', x.dims, sizes, `do not add up along axis ${at}`);
  }
  const outputs = sizes.map((size) => ({ dtype: x.dtype, dims: x.dims.with(at, size) }));
  const numeric = sizes.every((size) => typeof size === 'number');
  const lengths = numeric ? x.graph.integers(sizes.map(Number)) : runtimeShape(x, sizes);
  const pieces: Value[] = x.graph.node('Split', [x, lengths], outputs, {
    attributes: { axis: at },
    backward: (dys) => [
      concat(
        dys.map((dy, i) => dy ?? zerosLike(pieces[i]!)),
        at,
      ),
    ],
  });
  return pieces;
}

function zerosLike(x: Value): Value {
  const zero = x.graph.scalar(0, x.dtype === 'f64' ? 'f64' : 'f32');
  return expand(zero, x.dims);
}

/**
 * Rows of `table` [n, ...rest] at integer `indices` [...shape]: [...shape, ...rest].
 * The gradient adds up rows that were taken several times.
 */
export function gather(table: Value, indices: Value): Value {
  const rest = table.dims.slice(1);
  const dims = [...indices.dims, ...rest];
  return table.graph.node('Gather', [table, indices], [{ dtype: table.dtype, dims }], {
    attributes: { axis: 0 },
    backward: ([dy]) => {
      // Not ScatterND: its threads add to one row at the same time and lose some of the sums.
      const rows = dimProduct(indices.dims);
      const column = reshape(indices, [rows, ...rest.map(() => 1)]);
      const inputs = [
        zerosLike(table),
        expand(column, [rows, ...rest]),
        reshape(dy!, [rows, ...rest]),
      ];
      const output = { dtype: table.dtype, dims: table.dims };
      const attributes = { axis: 0, reduction: 'add' };
      return [table.graph.node('ScatterElements', inputs, [output], { attributes })[0]!, undefined];
    },
  })[0]!;
}
