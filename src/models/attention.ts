import {
  add,
  and,
  concat,
  dimProduct,
  equal,
  greater,
  lessOrEqual,
  matmul,
  reshape,
  rotary,
  softmax,
  split,
  sub,
  transpose,
  type Value,
  where,
} from '../graph/index.js';
import { type Build, type ForwardInputs, linear } from './build.js';

/** Large enough that exp() of it is 0, small enough that adding a score does not overflow. */
const MASKED = -1e30;

/** One additive mask [b, 1, group * s, past + s] for each window size, made when first asked for. */
export class AttentionMasks {
  readonly #build: Build;
  readonly #inputs: ForwardInputs;
  readonly #made = new Map<number | undefined, Value>();

  constructor(build: Build, inputs: ForwardInputs) {
    this.#build = build;
    this.#inputs = inputs;
  }

  /** A query sees keys at its own position and before, no further back than `window`. */
  get(window: number | undefined): Value {
    const known = this.#made.get(window);
    if (known) return known;
    const { graph, config } = this.#build;
    const { positions, past, segments } = this.#inputs;
    const keyPositions = past ? concat([past.positions, positions], 1) : positions; // [b, t]
    const asRow = (x: Value) => reshape(x, [x.dims[0]!, 1, 1, x.dims[1]!]);
    const asColumn = (x: Value) => reshape(x, [x.dims[0]!, 1, x.dims[1]!, 1]);
    const key = asRow(keyPositions);
    const query = asColumn(positions);
    let seen = lessOrEqual(key, query); // [b, 1, s, t]
    if (window !== undefined) {
      const horizon = sub(query, graph.integers([window]));
      seen = and(seen, greater(key, horizon));
    }
    if (segments) seen = and(seen, equal(asRow(segments), asColumn(segments)));
    const mask = where(seen, graph.scalar(0), graph.scalar(MASKED));
    // Query heads that share a key head are stacked along the query axis: so is their mask.
    const group = config.nHeads / config.nKvHeads;
    const tiled = group === 1 ? mask : concat(Array<Value>(group).fill(mask), 2);
    this.#made.set(window, tiled);
    return tiled;
  }
}

/**
 * Grouped-query attention with rotary positions.
 *
 * Keys and values of earlier tokens are read where they lie and never copied: scores against them
 * and against the new ones are computed apart and joined ("split" cache).
 *
 * @param x [b, s, d_model], normalised
 * @returns what is added to the residual [b, s, d_model], and this layer's new keys and values
 */
export function attention(
  build: Build,
  inputs: ForwardInputs,
  masks: AttentionMasks,
  layer: number,
  x: Value,
): { out: Value; key: Value; value: Value } {
  const { nHeads, nKvHeads, headDim, dModel, biases, windows } = build.config;
  const module = `model.layers.${layer}.self_attn`;
  const group = nHeads / nKvHeads;
  const [b, s] = x.dims as [string, string];
  const { positions, cos, sin, past } = inputs;

  const projection = (name: string, heads: number) =>
    linear(build, `${module}.${name}`, x, heads * headDim, { bias: biases.qkv });
  const heads = (y: Value) => transpose(reshape(y, [b, s, nKvHeads, headDim]), [0, 2, 1, 3]);

  const q = rotary(projection('q_proj', nHeads), positions, cos, sin); // [b, s, heads * hd]
  const key = heads(rotary(projection('k_proj', nKvHeads), positions, cos, sin)); // [b, kv, s, hd]
  const value = heads(projection('v_proj', nKvHeads)); // [b, kv, s, hd]

  // Query heads of one group are stacked along the query axis, so that keys are never repeated.
  const grouped = transpose(reshape(q, [b, s, nKvHeads, group, headDim]), [0, 2, 3, 1, 4]);
  const rows = dimProduct([group, s]);
  const query = reshape(grouped, [b, nKvHeads, rows, headDim]); // [b, kv, group*s, hd]

  const alpha = 1 / Math.sqrt(headDim);
  const dots = (k: Value) => matmul(query, k, { transB: true, alpha });
  const pastKey = past?.keys[layer];
  const scores = pastKey ? concat([dots(pastKey), dots(key)], 3) : dots(key); // [b, kv, group*s, t]
  const t = scores.dims[3]!;
  const pattern = softmax(add(scores, masks.get(windows[layer])));
  build.observe?.(`blocks.${layer}.attn.hook_pattern`, () => reshape(pattern, [b, nHeads, s, t]));

  const pastValue = past?.values[layer];
  let mixed: Value; // [b, kv, group*s, hd]
  if (pastValue) {
    const [toPast, toNew] = split(pattern, [pastValue.dims[2]!, s], 3);
    mixed = add(matmul(toPast!, pastValue), matmul(toNew!, value));
  } else {
    mixed = matmul(pattern, value);
  }
  const perHead = transpose(reshape(mixed, [b, nKvHeads, group, s, headDim]), [0, 3, 1, 2, 4]); // [b, s, kv, group, hd]
  build.observe?.(`blocks.${layer}.attn.hook_z`, () => reshape(perHead, [b, s, nHeads, headDim]));
  const z = reshape(perHead, [b, s, nHeads * headDim]);
  const out = linear(build, `${module}.o_proj`, z, dModel, { bias: biases.o });
  return { out, key, value };
}
