import { ensure, SutureError } from '../core/index.js';
import type { Node, Value } from './graph.js';
import { add, detach, mul, scale } from './ops/elementwise.js';
import { reduceSum } from './ops/reduce.js';

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
    if (!parentsOf(node).some((input) => input && dependent.has(input))) continue;
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
    const parents = parentsOf(node);
    const wanted = parents.map((input) => input !== undefined && dependent.has(input));
    const dInputs = node.backward(dOutputs, wanted);
    for (const [i, input] of parents.entries()) {
      const dx = dInputs[i];
      if (!input || !dx || !wanted[i]) continue;
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

const parentsOf = ({ inputs, implicit }: Node) => [...inputs, ...implicit];

/**
 * The same value as `body(x)`, of which backpropagation keeps nothing but `x`: it computes the body once more, when its
 * turn comes (Chen et al. 2016, "Training deep nets with sublinear memory cost"). Slower by a forward pass, in the memory
 * of one body at a time.
 *
 * @param body is called twice, with different values; both times it must add the same nodes
 * @returns in the shape of x
 */
export function recomputed(x: Value, body: (x: Value) => Value): Value {
  const { graph } = x;
  const from = graph.nodes.length;
  const y = body(x);
  const nodes = graph.nodes.slice(from);
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const used = nodes.flatMap((node) => parentsOf(node)).filter((value) => value !== undefined);
  const outside = [...new Set(used)].filter((value) => value !== x && !made.has(value));
  return graph.node('Identity', [y], [{ dtype: y.dtype, dims: y.dims }], {
    implicit: [x, ...outside],
    backward: ([dy], [, ...wanted]) => {
      const above = detach(dy!);
      // That it adds nothing of the gradient from above keeps it from being computed before that is there.
      const late = add(detach(x), scale(above, 0));
      const again = body(late);
      const asked = [late, ...outside].filter((_, i) => wanted[i]);
      const found = gradients(reduceSum(mul(again, above)), asked);
      return [undefined, ...wanted.map((one) => (one ? found.shift() : undefined))];
    },
  })[0]!;
}
