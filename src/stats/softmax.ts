/** The logarithm of the softmax of logits: [vocab]. */
export function logProbabilities(logits: Float32Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (const x of logits) if (x > most) most = x;
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - most);
  const norm = most + Math.log(sum);
  return Float64Array.from(logits, (x) => x - norm);
}

/** KL(p || q) in nats, both given as log-probabilities. */
export function divergence(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.exp(p[i]!) * (p[i]! - q[i]!);
  return sum;
}
