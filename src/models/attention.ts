import {
  add,
  concat,
  type Dim,
  dimProduct,
  matmul,
  reshape,
  scale,
  softmax,
  split,
  tanh,
  transpose,
  type Value,
} from '../graph/index.js';
import type { Build, CachedLayer, ForwardInputs } from './build.js';
import type { ModelConfig } from './config.js';
import type { AttentionMasks } from './masks.js';

export interface AttentionOptions {
  /** Multiplies the scores. Defaults to 1 / sqrt(head_dim). */
  scale?: number | undefined;
  /** Scores x become `softcap * tanh(x / softcap)`. Defaults to none. */
  softcap?: number | undefined;
}

/**
 * Causal grouped-query attention over what was seen before and these tokens.
 *
 * Keys and values of earlier tokens are read where they lie and never copied: scores against the
 * trunk, against each row's own past and against the new tokens are computed apart and joined
 * ("split" cache). The trunk is stored once: all rows' queries are stacked into one product with it.
 *
 * @param q,k,v [b, s, heads * head_dim]; q and k already rotated
 * @returns the heads' outputs [b, s, n_heads * head_dim], and this layer's new keys and values
 */
export function attention(
  build: Build,
  config: ModelConfig,
  inputs: ForwardInputs,
  masks: AttentionMasks,
  layer: number,
  { q, k, v }: { q: Value; k: Value; v: Value },
  options: AttentionOptions = {},
): { z: Value; cache: CachedLayer } {
  const { nHeads, nKvHeads, headDim } = config;
  const group = nHeads / nKvHeads;
  const [b, s] = q.dims as [Dim, Dim];
  const heads = (y: Value) => transpose(reshape(y, [b, s, nKvHeads, headDim]), [0, 2, 1, 3]);
  const key = heads(k); // [b, kv, s, hd]
  const value = heads(v); // [b, kv, s, hd]

  // Query heads of one group are stacked along the query axis, so that keys are never repeated.
  const grouped = transpose(reshape(q, [b, s, nKvHeads, group, headDim]), [0, 2, 3, 1, 4]);
  const rows = dimProduct([group, s]);
  const query = reshape(grouped, [b, nKvHeads, rows, headDim]); // [b, kv, group*s, hd]

  const trunk = inputs.past?.trunk[layer];
  const own = inputs.past?.own[layer];
  const alpha = options.scale ?? 1 / Math.sqrt(headDim);
  const dots = (x: Value, keys: Value) => matmul(x, keys, { transB: true, alpha });
  const stacked = { b, kv: nKvHeads, rows };
  const parts = [
    ...(trunk ? [unstackRows(dots(stackRows(query, stacked), trunk.key), stacked)] : []),
    ...(own ? [dots(query, own.key)] : []),
    dots(query, key),
  ];
  let scores = parts.length > 1 ? concat(parts, 3) : parts[0]!; // [b, kv, group*s, t]
  const { softcap } = options;
  if (softcap !== undefined) scores = scale(tanh(scale(scores, 1 / softcap)), softcap);
  const t = scores.dims[3]!;
  const apart = reshape(scores, [b, nKvHeads, group, s, t]);
  const pattern = softmax(add(apart, masks.get(config.windows[layer]))); // [b, kv, group, s, t]
  build.observe?.(`blocks.${layer}.attn.hook_pattern`, () => reshape(pattern, [b, nHeads, s, t]));

  const sources = [trunk, own, { key, value }].filter((source) => source !== undefined);
  const weights = reshape(pattern, [b, nKvHeads, rows, t]);
  const sizes = sources.map((source) => source.key.dims[2]!);
  const pieces = sources.length > 1 ? split(weights, sizes, 3) : [weights];
  const mixed = sources.map((source, i) =>
    source === trunk
      ? unstackRows(matmul(stackRows(pieces[i]!, stacked), source.value), stacked)
      : matmul(pieces[i]!, source.value),
  );
  const sum = mixed.reduce((a, c) => add(a, c)); // [b, kv, group*s, hd]
  const perHead = transpose(reshape(sum, [b, nKvHeads, group, s, headDim]), [0, 3, 1, 2, 4]);
  return { z: reshape(perHead, [b, s, nHeads * headDim]), cache: { key, value } };
}

interface Stacked {
  b: Dim;
  kv: number;
  rows: Dim;
}

/** [b, kv, rows, n] as [1, kv, b * rows, n] */
function stackRows(x: Value, { b, kv, rows }: Stacked): Value {
  const dims = [1, kv, dimProduct([b, rows]), x.dims[3]!];
  return reshape(transpose(x, [1, 0, 2, 3]), dims, { mayBeEmpty: true });
}

/** [1, kv, b * rows, n] as [b, kv, rows, n] */
function unstackRows(x: Value, { b, kv, rows }: Stacked): Value {
  const apart = reshape(x, [kv, b, rows, x.dims[3]!], { mayBeEmpty: true });
  return transpose(apart, [1, 0, 2, 3]);
}
