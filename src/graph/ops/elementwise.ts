import type { DType } from '../../tensor/index.js';
import { broadcastDims, type Dims } from '../dims.js';
import type { Backward, Value } from '../graph.js';
import { reduceTo } from './reduce.js';

/** A node of one output whose shape is the broadcast of its inputs' shapes. */
function elementwise(
  op: string,
  inputs: readonly Value[],
  backward: Backward | undefined,
  dtype: DType = inputs[0]!.dtype,
): Value {
  const dims = inputs.map((x) => x.dims).reduce<Dims>((a, b) => broadcastDims(op, a, b), []);
  const options = backward ? { backward } : {};
  return inputs[0]!.graph.node(op, inputs, [{ dtype, dims }], options)[0]!;
}

/** Binary operations: gradients are summed over the axes that were broadcast. */
function binary(
  op: string,
  a: Value,
  b: Value,
  gradient: (dy: Value, y: Value) => [Value, Value],
): Value {
  const y: Value = elementwise(op, [a, b], ([dy]) => {
    const [da, db] = gradient(dy!, y);
    return [reduceTo(da, a.dims), reduceTo(db, b.dims)];
  });
  return y;
}

/** Unary operations: the gradient may use the output. */
function unary(op: string, x: Value, gradient: (dy: Value, y: Value) => Value): Value {
  const y: Value = elementwise(op, [x], ([dy]) => [gradient(dy!, y)]);
  return y;
}

const scalarLike = (x: Value, value: number): Value =>
  x.graph.scalar(value, x.dtype === 'f64' ? 'f64' : 'f32');

export const add = (a: Value, b: Value): Value => binary('Add', a, b, (dy) => [dy, dy]);
export const sub = (a: Value, b: Value): Value => binary('Sub', a, b, (dy) => [dy, neg(dy)]);
export const mul = (a: Value, b: Value): Value =>
  binary('Mul', a, b, (dy) => [mul(dy, b), mul(dy, a)]);
export const div = (a: Value, b: Value): Value =>
  binary('Div', a, b, (dy, y) => [div(dy, b), neg(div(mul(dy, y), b))]);

export const neg = (x: Value): Value => unary('Neg', x, (dy) => neg(dy));
export const exp = (x: Value): Value => unary('Exp', x, (dy, y) => mul(dy, y));
export const log = (x: Value): Value => unary('Log', x, (dy) => div(dy, x));
export const sqrt = (x: Value): Value => unary('Sqrt', x, (dy, y) => div(scale(dy, 0.5), y));
export const tanh = (x: Value): Value =>
  unary('Tanh', x, (dy, y) => mul(dy, sub(scalarLike(y, 1), mul(y, y))));
export const sigmoid = (x: Value): Value =>
  unary('Sigmoid', x, (dy, y) => mul(dy, sub(y, mul(y, y))));
/** The error function, for other gradients: it has none of its own. */
export const erf = (x: Value): Value => elementwise('Erf', [x], undefined);

/** `x * factor`. */
export const scale = (x: Value, factor: number): Value => mul(x, scalarLike(x, factor));

/** `condition ? a : b`, broadcast; no gradient flows to the condition. */
export function where(condition: Value, a: Value, b: Value): Value {
  return elementwise(
    'Where',
    [condition, a, b],
    ([dy]) => {
      const zero = scalarLike(dy!, 0);
      return [
        undefined,
        reduceTo(where(condition, dy!, zero), a.dims),
        reduceTo(where(condition, zero, dy!), b.dims),
      ];
    },
    a.dtype,
  );
}

/** The same values; no gradient flows back. */
export const detach = (x: Value): Value => elementwise('Identity', [x], () => [undefined]);

// Comparisons give booleans: nothing flows back through them.
export const lessOrEqual = (a: Value, b: Value): Value =>
  elementwise('LessOrEqual', [a, b], undefined, 'bool');
export const greater = (a: Value, b: Value): Value =>
  elementwise('Greater', [a, b], undefined, 'bool');
export const equal = (a: Value, b: Value): Value => elementwise('Equal', [a, b], undefined, 'bool');
export const and = (a: Value, b: Value): Value => elementwise('And', [a, b], undefined, 'bool');
