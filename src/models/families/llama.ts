import { z } from 'zod';
import { mul, reshape, type Value } from '../../graph/index.js';
import { type Activation, activation } from '../activation.js';
import type { AttentionOptions } from '../attention.js';
import type { ForwardOutputs } from '../build.js';
import type { ModelConfig } from '../config.js';
import { headsOf, llamaFields, readFields, rotatedDim, specialIds } from '../fields.js';
import type { Pass } from '../pass.js';
import { parseRope } from '../rope.js';
import type { Family } from './family.js';

export interface LlamaConfig extends ModelConfig {
  activation: Activation;
  biases: { qkv: boolean; o: boolean; mlp: boolean };
}

const fields = z.object({
  ...llamaFields,
  hidden_act: z.string().default('silu'),
  rms_norm_eps: z.number().positive().default(1e-6),
});
const biasFields = z.object({
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

/**
 * Llama, Code Llama, DeepSeek-Coder, Seed-Coder, SmolLM (Touvron et al. 2023), as defined by
 * Hugging Face's `LlamaForCausalLM`.
 */
export const llama: Family<LlamaConfig> = {
  type: 'llama',
  parse(json, from) {
    const config = parseLlama(json, from);
    const { attention_bias, mlp_bias } = readFields(biasFields, json, from);
    return { ...config, biases: { qkv: attention_bias, o: attention_bias, mlp: mlp_bias } };
  },
  forward: (pass) => llamaForward(pass),
};

/**
 * What families of Llama's build have in common: no biases, full attention.
 *
 * @param defaults of the family's fields, where they are not Llama's
 */
export function parseLlama(
  json: unknown,
  from: string,
  defaults: Record<string, unknown> = {},
): LlamaConfig {
  const given = { ...defaults, ...(json as { model_type: string }) };
  const c = readFields(fields, given, from);
  const heads = headsOf(c, from);
  const rotated = rotatedDim(json, from, heads.headDim, 1);
  return {
    family: given.model_type,
    vocabSize: c.vocab_size,
    dModel: c.hidden_size,
    nLayers: c.num_hidden_layers,
    ...heads,
    dMlp: c.intermediate_size,
    normEpsilon: c.rms_norm_eps,
    rope: parseRope({ ...c, ...given }, from, rotated),
    maxPositions: c.max_position_embeddings,
    tied: c.tie_word_embeddings,
    parallel: false,
    activation: activation(c.hidden_act, 'hidden_act', from),
    biases: { qkv: false, o: false, mlp: false },
    windows: Array<undefined>(c.num_hidden_layers).fill(undefined),
    ...specialIds(c),
  };
}

/**
 *     x = embed(tokens)
 *     for each layer:  x += attention(norm(x));  x += mlp(norm(x))
 *     logits = unembed(norm(x))
 *
 * @param attend,mlp the branches, from their normed input [b, s, d_model]; Llama's by default
 */
export function llamaForward<C extends LlamaConfig>(
  pass: Pass<C>,
  {
    attend = (normed, layer) => llamaAttention(pass, normed, layer),
    mlp = (normed, layer) => llamaMlp(pass, normed, layer),
  }: Partial<Record<'attend' | 'mlp', (normed: Value, layer: number) => Value>> = {},
): ForwardOutputs {
  const { vocabSize, dModel } = pass.config;
  const embedding = 'model.embed_tokens';
  const norm = (module: string, x: Value) => pass.rmsNorm(`model.${module}`, x);
  const embedded = pass.embedding(embedding, pass.inputs.tokens, [vocabSize, dModel]);
  const x = pass.sequential(
    pass.hook('hook_embed', embedded), // [b, s, d_model]
    (x, layer) =>
      attend(pass.into('attn', layer, norm(`layers.${layer}.input_layernorm`, x)), layer),
    (x, layer) =>
      mlp(pass.into('mlp', layer, norm(`layers.${layer}.post_attention_layernorm`, x)), layer),
  );
  return pass.unembed(x, (rows) => norm('norm', rows), { module: 'lm_head', embedding });
}

export interface LlamaAttentionOptions extends AttentionOptions {
  /** What queries and keys [b, s, heads, hd] go through before they are rotated. Defaults to nothing. */
  headNorm?: (which: 'q' | 'k', heads: Value) => Value;
}

/** @param normed [b, s, d_model] */
export function llamaAttention(
  pass: Pass<LlamaConfig>,
  normed: Value,
  layer: number,
  { headNorm, ...options }: LlamaAttentionOptions = {},
): Value {
  const { nHeads, nKvHeads, headDim, dModel, biases } = pass.config;
  const attention = `model.layers.${layer}.self_attn`;
  const [b, s] = normed.dims;
  const project = (which: 'q' | 'k' | 'v', heads: number) =>
    pass.linear(`${attention}.${which}_proj`, normed, heads * headDim, { bias: biases.qkv });
  const place = (which: 'q' | 'k', heads: number) => {
    const y = project(which, heads); // [b, s, heads * hd]
    if (!headNorm) return pass.rotate(y);
    return pass.rotate(reshape(headNorm(which, reshape(y, [b!, s!, heads, headDim])), y.dims));
  };
  const q = place('q', nHeads); // [b, s, heads * hd]
  const k = place('k', nKvHeads); // [b, s, kv * hd]
  const v = project('v', nKvHeads);
  const z = pass.attend(layer, { q, k, v }, options);
  return pass.linear(`${attention}.o_proj`, z, dModel, { bias: biases.o });
}

/** The gated MLP: `down(act(gate(x)) * up(x))`. normed: [b, s, d_model] */
export function llamaMlp(pass: Pass<LlamaConfig>, normed: Value, layer: number): Value {
  const { dMlp, dModel, biases, activation } = pass.config;
  const mlp = `model.layers.${layer}.mlp`;
  const bias = biases.mlp;
  const gate = activation(pass.linear(`${mlp}.gate_proj`, normed, dMlp, { bias })); // [b, s, d_mlp]
  const up = pass.linear(`${mlp}.up_proj`, normed, dMlp, { bias });
  return pass.linear(`${mlp}.down_proj`, mul(gate, up), dModel, { bias });
}
