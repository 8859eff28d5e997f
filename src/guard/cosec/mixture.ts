/**
 * One step of CoSec's co-decoding as a distribution. A token t is drawn from the expert, and accepted where
 * `threshold` < min(1, base(t) / expert(t)); otherwise one is drawn from the base model. So
 *
 *   P(t) = expert(t) [t is accepted] + base(t) * (sum of expert over all that is not)
 *
 * @param base what the base model draws from [vocab]
 * @param expert what the expert draws from; its vocabulary may be padded to another length
 * @returns P [vocab]
 */
export function coDecoded(
  base: Float64Array,
  expert: Float64Array,
  threshold: number,
): Float64Array {
  const mixed = new Float64Array(base.length);
  let rejected = 0;
  for (let id = 0; id < expert.length; id++) {
    const p = expert[id]!;
    if (p === 0) continue;
    const own = base[id] ?? 0;
    if (threshold < Math.min(1, own / p)) mixed[id] = p;
    else rejected += p;
  }
  if (rejected > 0) for (let id = 0; id < base.length; id++) mixed[id]! += rejected * base[id]!;
  return mixed;
}
