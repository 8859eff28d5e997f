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
 * ("split" cache). The trunk is stored once: all rows' queries are one product with it. Key heads
 * come first in every shape, so that stacking the rows of a batch moves nothing.
 *
 * @param q,k,v [b, s, heads * head_dim]; q and k already rotated
 * @returns the heads' outputs [b, s, n_heads, head_dim], and this layer's new keys and values
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
  const { nHeads, nKvHeads: kv, headDim } = config;
  const group = nHeads / kv;
  const [b, s] = q.dims as [Dim, Dim];
  const rows = dimProduct([group, s]);
  const heads = (y: Value) => transpose(reshape(y, [b, s, kv, headDim]), [2, 0, 1, 3]);
  const key = heads(k); // [kv, b, s, hd]
  const value = heads(v); // [kv, b, s, hd]

  // Query heads of one group are stacked along the query axis, so that keys are never repeated.
  const grouped = transpose(reshape(q, [b, s, kv, group, headDim]), [2, 0, 3, 1, 4]);
  const query = reshape(grouped, [kv, b, rows, headDim]); // [kv, b, group*s, hd]
  // For the trunk, so are the rows of the batch: [kv, 1, b*group*s, n] and back.
  const stack = (x: Value) => {
    return reshape(x, [kv, 1, dimProduct([b, rows]), x.dims[3]!], { mayBeEmpty: true });
  };
  const unstack = (x: Value) => reshape(x, [kv, b, rows, x.dims[3]!], { mayBeEmpty: true });

  const trunk = inputs.past?.trunk?.layers[layer];
  const own = inputs.past?.own[layer];
  const alpha = options.scale ?? 1 / Math.sqrt(headDim);
  const dots = (x: Value, keys: Value) => matmul(x, keys, { transB: true, alpha });
  const parts = [
    ...(trunk ? [unstack(dots(stack(query), trunk.key))] : []),
    ...(own ? [dots(query, own.key)] : []),
    dots(query, key),
  ];
  let scores = parts.length > 1 ? concat(parts, 3) : parts[0]!; // [kv, b, group*s, t]
  const { softcap } = options;
  if (softcap !== undefined) scores = scale(tanh(scale(scores, 1 / softcap)), softcap);
  const t = scores.dims[3]!;
  const apart = reshape(scores, [kv, b, group, s, t]);
  const pattern = softmax(add(apart, masks.get(config.windows[layer]))); // [kv, b, group, s, t]
  build.observe?.(`blocks.${layer}.attn.hook_pattern`, () =>
    reshape(transpose(pattern, [1, 0, 2, 3, 4]), [b, nHeads, s, t]),
  );

  const sources = [trunk, own, { key, value }].filter((source) => source !== undefined);
  const weights = reshape(pattern, [kv, b, rows, t]);
  const sizes = sources.map((source) => source.key.dims[2]!);
  const pieces = sources.length > 1 ? split(weights, sizes, 3) : [weights];
  const mixed = sources.map((source, i) =>
    source === trunk
      ? unstack(matmul(stack(pieces[i]!), source.value))
      : matmul(pieces[i]!, source.value),
  );
  const sum = mixed.reduce((a, c) => add(a, c)); // [kv, b, group*s, hd]
  const perHead = transpose(reshape(sum, [kv, b, group, s, headDim]), [1, 3, 0, 2, 4]);
  return { z: reshape(perHead, [b, s, nHeads, headDim]), cache: { key, value } };
}
