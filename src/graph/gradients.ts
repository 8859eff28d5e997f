import { ensure, SutureError } from '../core/index.js';
import type { Node, Value } from './graph.js';
import { add } from './ops/elementwise.js';

/**
 * Reverse-mode differentiation: adds to the graph the nodes that compute d`loss`/d`wrt[i]`.
 *
 * @param loss a scalar (or any value, whose sum is then differentiated by seeding ones of its shape)
 * @param wrt values that the loss depends on
 * @returns one gradient per value of `wrt`, in its shape
 * @throws {SutureError} BAD_GRAPH where the loss does not depend on a value, or an operation on the
 *   way has no gradient
 *
 * @example
 * const loss = reduceSum(mul(x, x));
 * const [dx] = gradients(loss, [x]); // 2x
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  ensure(loss.dims.length === 0, 'BAD_GRAPH', 'gradients: the loss must be a scalar.');
  const { graph } = loss;
  const before = graph.nodes.slice();

  // Nodes that lie on a way from `wrt` to anywhere: only these are differentiated.
  const dependent = new Set<Value>(wrt);
  const onTheWay = new Set<Node>();
  for (const node of before) {
    if (!node.inputs.some((input) => input && dependent.has(input))) continue;
    onTheWay.add(node);
    for (const output of node.outputs) dependent.add(output);
  }

  const total = new Map<Value, Value>();
  total.set(loss, graph.scalar(1, loss.dtype === 'f64' ? 'f64' : 'f32'));
  for (const node of before.toReversed()) {
    if (!onTheWay.has(node)) continue;
    const dOutputs = node.outputs.map((output) => total.get(output));
    if (dOutputs.every((dy) => dy === undefined)) continue;
    if (!node.backward) throw new SutureError('BAD_GRAPH', `${node.op} has no gradient.`);
    const dInputs = node.backward(dOutputs);
    for (const [i, input] of node.inputs.entries()) {
      const dx = dInputs[i];
      if (!input || !dx || !dependent.has(input)) continue;
      const sum = total.get(input);
      total.set(input, sum ? add(sum, dx) : dx);
    }
  }
  return wrt.map((value) => {
    const gradient = total.get(value);
    ensure(gradient, 'BAD_GRAPH', `gradients: the loss does not depend on ${value.name}.`);
    return gradient;
  });
}
