import { ensure } from '../core/index.js';
import { dependsOnLength, type ModelConfig } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';

/**
 * Keys and values that stand before every prompt, as if so many tokens had been seen (prefix tuning, Li and Liang
 * 2021): positions count on from them. Rows of a batch, and prompts that begin alike, share them as they share tokens.
 */
export interface Prefix {
  /** Of each layer [n_kv_heads, n, head_dim]; keys are taken as they are and not rotated. */
  layers: readonly { key: Tensor; value: Tensor }[];
}

/** How many tokens a prefix stands for. */
export const prefixLength = ({ layers }: Prefix): number => layers[0]?.key.dims[1] ?? 0;

/** @throws {SutureError} UNSUPPORTED for a model that cannot have one: its rotary frequencies follow the length */
export function ensurePrefixable({ rope }: Pick<ModelConfig, 'rope'>): void {
  ensure(
    !rope || !dependsOnLength(rope),
    'UNSUPPORTED',
    `This model's rotary frequencies follow the length of the sequence (rope type "${rope?.type}"): a prefix of keys is not supported with it.`,
  );
}

/** @throws {SutureError} BAD_ARGUMENT where it has no tokens or other shapes than the model's; UNSUPPORTED */
export function checkPrefix(prefix: Prefix, config: ModelConfig): void {
  ensurePrefixable(config);
  const { nLayers, nKvHeads, headDim } = config;
  const n = prefixLength(prefix);
  ensure(n > 0, 'BAD_ARGUMENT', 'The prefix stands for no token.');
  const dims = [nKvHeads, n, headDim].join();
  ensure(
    prefix.layers.length === nLayers &&
      prefix.layers.every(
        ({ key, value }) => key.dims.join() === dims && value.dims.join() === dims,
      ),
    'BAD_ARGUMENT',
    `The prefix must have keys and values [${nKvHeads}, n, ${headDim}] for each of ${nLayers} layers, as this model does.`,
  );
}
