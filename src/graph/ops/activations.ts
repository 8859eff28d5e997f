import type { Attribute, Backward, Node, Value } from '../graph.js';
import { add, erf, exp, greater, mul, scale, sigmoid, sub, tanh, where } from './elementwise.js';

// The activations of MLPs, each one kernel; f32 only.

const zero = (x: Value) => x.graph.scalar(0);
const one = (x: Value) => x.graph.scalar(1);

/** `x * sigmoid(x)`. */
export const silu = (x: Value): Value => swish(x, 1);

/** `x * sigmoid(1.702 x)`: the Gaussian error linear unit, roughly. */
export const quickGelu = (x: Value): Value => swish(x, 1.702);

function swish(x: Value, alpha: number): Value {
  // With s = sigmoid(alpha x): y' = s + alpha y (1 - s)
  return fused('QuickGelu', 'com.microsoft', { alpha: { float: alpha } }, x, (y) => {
    const s = sigmoid(scale(x, alpha));
    return add(s, mul(scale(y, alpha), sub(one(x), s)));
  });
}

/** `max(x, 0)`. */
export const relu = (x: Value): Value =>
  fused('Relu', '', {}, x, (y) => where(greater(y, zero(x)), one(x), zero(x)));

/** The Gaussian error linear unit (Hendrycks & Gimpel 2016): `x * P(normal < x)`. */
export function gelu(x: Value): Value {
  // y' = P(normal < x) + x * density(x)
  return fused('Gelu', '', { approximate: 'none' }, x, () => {
    const below = scale(add(erf(scale(x, Math.SQRT1_2)), one(x)), 0.5);
    const density = scale(exp(scale(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return add(below, mul(x, density));
  });
}

/** Its approximation by a tanh: `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`. */
export function geluTanh(x: Value): Value {
  // With t = tanh(u): y' = (1 + t) / 2 + x / 2 * (1 - t^2) * u'
  return fused('Gelu', '', { approximate: 'tanh' }, x, () => {
    const root = Math.sqrt(2 / Math.PI);
    const square = mul(x, x);
    const t = tanh(mul(scale(x, root), add(one(x), scale(square, 0.044715))));
    const slope = scale(add(one(x), scale(square, 3 * 0.044715)), root); // u'
    const bend = mul(mul(x, sub(one(x), mul(t, t))), slope);
    return scale(add(add(one(x), t), bend), 0.5);
  });
}

/** A node of one input whose gradient is `dy * slope(y)`. */
function fused(
  op: string,
  domain: Node['domain'],
  attributes: Record<string, Attribute>,
  x: Value,
  slope: (y: Value) => Value,
): Value {
  const backward: Backward = ([dy]) => [mul(dy!, slope(y))];
  const output = { dtype: x.dtype, dims: x.dims };
  const y: Value = x.graph.node(op, [x], [output], { domain, attributes, backward })[0]!;
  return y;
}
