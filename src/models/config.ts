import { z } from 'zod';
import { ensure, SutureError } from '../core/index.js';
import { parseRope, type RopeConfig } from './rope.js';

/** Families whose forward pass is here. */
export const FAMILIES = ['llama', 'mistral', 'qwen2'] as const;
export type Family = (typeof FAMILIES)[number];

/** What a forward pass must know of a model, in one form for all families. */
export interface ModelConfig {
  family: Family;
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
  rope: RopeConfig;
  maxPositions: number;
  /** The unembedding is the embedding. */
  tied: boolean;
  biases: { qkv: boolean; o: boolean; mlp: boolean };
  /** For each layer how many positions back it sees, itself included; `undefined` is all. */
  windows: readonly (number | undefined)[];
  bosId: number | undefined;
  eosIds: readonly number[];
}

const ids = z.union([z.int(), z.array(z.int())]).nullish();

const common = z.object({
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  intermediate_size: z.int().positive(),
  hidden_act: z.string().default('silu'),
  rms_norm_eps: z.number().positive().default(1e-6),
  max_position_embeddings: z.int().positive().default(2048),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  sliding_window: z.int().positive().nullish(),
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: z.array(z.string()).nullish(),
  bos_token_id: z.int().nullish(),
  eos_token_id: ids,
  quantization_config: z.object({ quant_method: z.string() }).nullish(),
});

/**
 * Reads a Hugging Face `config.json`.
 *
 * @param json its parsed content
 * @param from its path, for messages
 * @throws {SutureError} BAD_CONFIG where a field is missing or impossible; UNSUPPORTED, by name,
 *   for a family or a feature that is not implemented
 */
export function parseConfig(json: unknown, from: string): ModelConfig {
  const head = z.object({ model_type: z.string() }).safeParse(json);
  ensure(head.success, 'BAD_CONFIG', `${from} has no "model_type": it is not a model's config.`);
  const family = FAMILIES.find((name) => name === head.data.model_type);
  if (!family) {
    throw new SutureError(
      'UNSUPPORTED',
      `${from}: model_type "${head.data.model_type}" is not supported; supported: ${FAMILIES.join(', ')}.`,
    );
  }
  const parsed = common.safeParse(json);
  if (!parsed.success) {
    throw new SutureError('BAD_CONFIG', `${from}: ${z.prettifyError(parsed.error)}`);
  }
  const c = parsed.data;
  const unsupported = (what: string) => new SutureError('UNSUPPORTED', `${from}: ${what}`);
  if (c.quantization_config) {
    throw unsupported(
      `weights quantised by "${c.quantization_config.quant_method}" are not supported; use the original checkpoint.`,
    );
  }
  if (c.hidden_act !== 'silu') throw unsupported(`hidden_act "${c.hidden_act}" is not supported.`);

  const nHeads = c.num_attention_heads;
  const nKvHeads = c.num_key_value_heads ?? nHeads;
  const divides = (a: number, b: number, what: string) =>
    ensure(a % b === 0, 'BAD_CONFIG', `${from}: ${what} (${a}) is not a multiple of ${b}.`);
  divides(nHeads, nKvHeads, 'num_attention_heads');
  if (c.head_dim == null) divides(c.hidden_size, nHeads, 'hidden_size');
  const headDim = c.head_dim ?? c.hidden_size / nHeads;
  divides(headDim, 2, 'head_dim');

  const llama = family === 'llama';
  return {
    family,
    vocabSize: c.vocab_size,
    dModel: c.hidden_size,
    nLayers: c.num_hidden_layers,
    nHeads,
    nKvHeads,
    headDim,
    dMlp: c.intermediate_size,
    normEpsilon: c.rms_norm_eps,
    rope: parseRope(json, from),
    maxPositions: c.max_position_embeddings,
    tied: c.tie_word_embeddings,
    biases: {
      qkv: family === 'qwen2' || (llama && c.attention_bias),
      o: llama && c.attention_bias,
      mlp: llama && c.mlp_bias,
    },
    windows: Array.from({ length: c.num_hidden_layers }, (_, layer) => windowOf(layer, family, c)),
    bosId: c.bos_token_id ?? undefined,
    eosIds: [c.eos_token_id ?? []].flat(),
  };
}

/** Mistral slides in every layer; Qwen2 only where told to, in the layers from `max_window_layers`. */
function windowOf(layer: number, family: Family, c: z.infer<typeof common>): number | undefined {
  const window = c.sliding_window ?? undefined;
  if (family === 'mistral') return window;
  if (family !== 'qwen2' || !c.use_sliding_window) return undefined;
  const slides = c.layer_types
    ? c.layer_types[layer] === 'sliding_attention'
    : layer >= c.max_window_layers;
  return slides ? window : undefined;
}
