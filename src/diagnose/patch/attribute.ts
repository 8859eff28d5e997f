import type { Model } from '../../engine/index.js';
import type { Choice } from './run.js';
import type { States } from './twins.js';

/** What each part of a model adds to a logit difference. */
export interface Attribution {
  /** In the order of `parts`. */
  contributions: Float64Array;
  /** What the final norm and the unembedding add by themselves (biases). */
  constant: number;
}

/** Share of the logit difference by which a sum of contributions may miss it. */
const TOLERANCE = 1e-3;

/** The parts of the residual stream after the last block, in order: hook names. */
export const partsOf = ({ nLayers }: Model): string[] => [
  'blocks.0.hook_resid_pre',
  ...Array.from({ length: nLayers }, (_, layer) => [
    `blocks.${layer}.hook_attn_out`,
    `blocks.${layer}.hook_mlp_out`,
  ]).flat(),
];

/**
 * Direct logit attribution (Elhage et al. 2021): the last residual stream is a sum of parts, and with the final
 * norm's scale held at what it is there, the logit difference is a linear function of each.
 *
 * No weight is read. A norm of scale s(x) makes `difference(x) * s(x)` linear in x, but for the norm's
 * and the unembedding's biases, which are what a stream of zeros says.
 *
 * @param states of each sequence at its last token, with all `partsOf` the model
 * @returns undefined where the contributions do not add up, as where logits are capped
 */
export async function attribute(
  model: Model,
  states: readonly States[],
  choices: readonly Choice[],
): Promise<Attribution[] | undefined> {
  const parts = partsOf(model);
  const d = model.dModel;
  const rows = states.flatMap((state) => {
    const each = parts.map((part) => state.get(part)!.data);
    const sum = new Float32Array(d);
    for (const part of each) for (let i = 0; i < d; i++) sum[i]! += part[i]!;
    return [...each, sum, sum.map((x) => x + 1), new Float32Array(d)];
  });
  const stacked = new Float32Array(rows.length * d);
  for (const [i, row] of rows.entries()) stacked.set(row, i * d);
  const width = parts.length + 3;
  const targets = rows.map((_, i) => {
    const { secure, insecure } = choices[Math.floor(i / width)]!;
    return [secure, insecure];
  });
  const { logits } = await model.readOut(stacked, targets);
  const says = (row: number) => logits[2 * row]! - logits[2 * row + 1]!;
  // A layer norm does not see what is added to all numbers alike; one sequence may seem so by chance.
  const centred = states.every((_, i) => {
    const whole = says(i * width + parts.length);
    return Math.abs(says(i * width + parts.length + 1) - whole) < 1e-4 * (1 + Math.abs(whole));
  });
  const found = states.map((_, i): Attribution & { misses: number } => {
    const from = i * width;
    const whole = says(from + parts.length);
    const constant = says(from + parts.length + 2);
    const scale = (row: number) => deviation(rows[row]!, centred, model.config.normEpsilon);
    const last = scale(from + parts.length);
    const contributions = Float64Array.from(parts, (_, part) => {
      return ((says(from + part) - constant) * scale(from + part)) / last;
    });
    const sum = contributions.reduce((a, b) => a + b, constant);
    return { contributions, constant, misses: Math.abs(sum - whole) / (1 + Math.abs(whole)) };
  });
  if (found.some(({ misses }) => misses > TOLERANCE)) return undefined;
  return found.map(({ contributions, constant }) => ({ contributions, constant }));
}

/** What a norm divides by: the root of the mean square, of what is left after centring where it centres. */
function deviation(x: Float32Array, centred: boolean, epsilon: number): number {
  const mean = centred ? x.reduce((a, b) => a + b, 0) / x.length : 0;
  return Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length + epsilon);
}
