import { z } from 'zod';
import { add, split, type Value } from '../../graph/index.js';
import { type Activation, activation } from '../activation.js';
import type { ForwardOutputs, LinearShape } from '../build.js';
import type { ModelConfig } from '../config.js';
import { commonFields, demand, headsOf, readFields, specialIds } from '../fields.js';
import type { Branch, Pass } from '../pass.js';
import type { Family } from './family.js';

/** What families with GPT-2's names have in common. */
export interface GptConfig extends ModelConfig {
  activation: Activation;
}

export interface Gpt2Config extends GptConfig {
  /** What each layer's attention scores are multiplied by. */
  scales: readonly number[];
}

/** The names that GPT-2's config class also accepts. */
const OTHER_NAMES = {
  n_embd: 'hidden_size',
  n_layer: 'num_hidden_layers',
  n_head: 'num_attention_heads',
  n_positions: 'max_position_embeddings',
};

const gptFields = z.object({
  ...commonFields,
  n_embd: z.int().positive(),
  n_layer: z.int().positive(),
  n_head: z.int().positive(),
  n_positions: z.int().positive().optional(),
  n_inner: z.int().positive().nullish(),
  activation_function: z.string().optional(),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().optional(),
});

/**
 * A config under GPT-2's names, with learned positions and branches one after the other.
 *
 * @param defaults those of the family's config class
 */
export function parseGpt(
  json: unknown,
  from: string,
  defaults: { positions: number; activation: string; tied: boolean },
): GptConfig {
  const given = { ...(json as Record<string, unknown>) };
  for (const [name, other] of Object.entries(OTHER_NAMES)) given[name] ??= given[other];
  const c = readFields(gptFields, given, from);
  const heads = headsOf({ hidden_size: c.n_embd, num_attention_heads: c.n_head }, from);
  const act = c.activation_function ?? defaults.activation;
  return {
    family: (json as { model_type: string }).model_type,
    vocabSize: c.vocab_size,
    dModel: c.n_embd,
    nLayers: c.n_layer,
    ...heads,
    dMlp: c.n_inner ?? 4 * c.n_embd,
    normEpsilon: c.layer_norm_epsilon,
    rope: undefined,
    maxPositions: c.n_positions ?? defaults.positions,
    tied: c.tie_word_embeddings ?? defaults.tied,
    parallel: false,
    windows: Array<undefined>(c.n_layer).fill(undefined),
    activation: activation(act, 'activation_function', from),
    ...specialIds(c),
  };
}

const fields = z.object({
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  attention_head_type: z.string().default('multihead'),
});

/**
 * GPT-2 (Radford et al. 2019); as defined by Hugging Face's `GPT2LMHeadModel`. Linear layers are
 * stored transposed (its `Conv1D`). `reorder_and_upcast_attn` only orders the same arithmetic
 * otherwise. The files' `attn.bias` and `attn.masked_bias` are causal masks, not weights.
 */
export const gpt2: Family<Gpt2Config> = {
  type: 'gpt2',
  parse(json, from) {
    const config = parseGpt(json, from, { positions: 1024, activation: 'gelu_new', tied: true });
    const c = readFields(fields, json, from);
    demand(!c.add_cross_attention, 'add_cross_attention', from);
    // The first SantaCoder: its own code calls itself gpt2; model_type "gpt_bigcode" is the same model.
    const type = c.attention_head_type;
    demand(type === 'multihead', `attention_head_type "${type}"`, from);
    const scale = c.scale_attn_weights ? 1 / Math.sqrt(config.headDim) : 1;
    const scales = config.windows.map((_, layer) =>
      c.scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale,
    );
    return { ...config, scales };
  },
  forward: (pass) => gptForward(pass, 'in_out', (x, layer) => gpt2Attention(pass, x, layer)),
};

/**
 *     x = embed(tokens) + embed(positions)
 *     for each layer:  x += attention(norm(x));  x += mlp(norm(x))
 *     logits = unembed(norm(x))
 *
 * @param layout of the MLP's weights
 */
export function gptForward(
  pass: Pass<GptConfig>,
  layout: LinearShape['layout'],
  attend: Branch,
): ForwardOutputs {
  const { vocabSize, dModel, maxPositions } = pass.config;
  const { tokens, positions } = pass.inputs;
  const embedding = 'transformer.wte';
  const words = pass.embedding(embedding, tokens, [vocabSize, dModel]);
  const places = pass.embedding('transformer.wpe', positions, [maxPositions, dModel]);
  const x = pass.sequential(
    pass.hook('hook_embed', add(words, places)), // [b, s, d_model]
    attend,
    (x, layer) => gptMlp(pass, x, layer, layout),
  );
  const norm = (rows: Value) => pass.layerNorm('transformer.ln_f', rows);
  return pass.unembed(x, norm, { module: 'lm_head', embedding });
}

/** @param x [b, s, d_model], not yet normalised */
function gpt2Attention(pass: Pass<Gpt2Config>, x: Value, layer: number): Value {
  const { dModel, scales } = pass.config;
  const block = `transformer.h.${layer}`;
  const conv1d = { bias: true, layout: 'in_out' } as const;
  const normed = pass.into('attn', layer, pass.layerNorm(`${block}.ln_1`, x));
  const qkv = pass.linear(`${block}.attn.c_attn`, normed, 3 * dModel, conv1d);
  const [q, k, v] = split(qkv, [dModel, dModel, dModel], -1); // [b, s, heads * hd] each
  const z = pass.attend(layer, { q: q!, k: k!, v: v! }, { scale: scales[layer] });
  return pass.linear(`${block}.attn.c_proj`, z, dModel, conv1d);
}

/** `project(act(fc(x)))` */
function gptMlp(
  pass: Pass<GptConfig>,
  x: Value,
  layer: number,
  layout: LinearShape['layout'],
): Value {
  const { dMlp, dModel, activation } = pass.config;
  const block = `transformer.h.${layer}`;
  const normed = pass.into('mlp', layer, pass.layerNorm(`${block}.ln_2`, x));
  const hidden = pass.linear(`${block}.mlp.c_fc`, normed, dMlp, { bias: true, layout }); // [b, s, d_mlp]
  return pass.linear(`${block}.mlp.c_proj`, activation(hidden), dModel, { bias: true, layout });
}
