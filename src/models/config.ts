import { z } from 'zod';
import { ensure, SutureError } from '../core/index.js';
import { FAMILIES } from './families/index.js';
import type { RopeConfig } from './rope.js';

/** What the engine must know of a model, in one form for all families. */
export interface ModelConfig {
  /** `model_type` of its `config.json`. */
  family: string;
  vocabSize: number;
  dModel: number;
  nLayers: number;
  nHeads: number;
  /** Heads of keys and values; each serves `nHeads / nKvHeads` query heads. */
  nKvHeads: number;
  headDim: number;
  /** Width of the MLP's hidden layer. */
  dMlp: number;
  normEpsilon: number;
  /** `undefined` where positions are learned embeddings. */
  rope: RopeConfig | undefined;
  maxPositions: number;
  /** The unembedding is the embedding. */
  tied: boolean;
  /** Attention and MLP read the same residual: there is no `hook_resid_mid`. */
  parallel: boolean;
  /** For each layer how many positions back it sees, itself included; `undefined` is all. */
  windows: readonly (number | undefined)[];
  bosId: number | undefined;
  eosIds: readonly number[];
}

/**
 * Reads a Hugging Face `config.json`.
 *
 * @param json its parsed content
 * @param from its path, for messages
 * @throws {SutureError} BAD_CONFIG where a field is missing or impossible; UNSUPPORTED, by name,
 *   for a family or a feature that is not implemented
 */
export function parseConfig(json: unknown, from: string): ModelConfig {
  const head = z
    .object({
      model_type: z.string(),
      quantization_config: z.object({ quant_method: z.string() }).nullish(),
    })
    .safeParse(json);
  ensure(head.success, 'BAD_CONFIG', `${from} has no "model_type": it is not a model's config.`);
  const { model_type, quantization_config } = head.data;
  const family = FAMILIES.get(model_type);
  if (!family) {
    throw new SutureError(
      'UNSUPPORTED',
      `${from}: model_type "${model_type}" is not supported; supported: ${[...FAMILIES.keys()].join(', ')}.`,
    );
  }
  if (quantization_config) {
    throw new SutureError(
      'UNSUPPORTED',
      `${from}: weights quantised by "${quantization_config.quant_method}" are not supported; use the original checkpoint.`,
    );
  }
  return family.parse(json, from);
}
