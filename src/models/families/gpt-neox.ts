import { z } from 'zod';
import type { Value } from '../../graph/index.js';
import { type Activation, activation } from '../activation.js';
import type { ForwardOutputs } from '../build.js';
import type { ModelConfig } from '../config.js';
import { headsOf, llamaFields, readFields, rotatedDim, specialIds } from '../fields.js';
import type { Pass } from '../pass.js';
import { parseRope } from '../rope.js';
import type { Family } from './family.js';
import { unfuseHeads } from './gpt-bigcode.js';

export interface GptNeoxConfig extends ModelConfig {
  activation: Activation;
  /** Whether attention's linear layers have biases; the MLP's have. */
  attentionBias: boolean;
}

const fields = z.object({
  ...llamaFields,
  hidden_act: z.string().default('gelu'),
  layer_norm_eps: z.number().positive().default(1e-5),
  rotary_pct: z.number().default(0.25),
  rotary_emb_base: z.number().default(10000),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
});

/**
 * GPT-NeoX and Pythia (Black et al. 2022; Biderman et al. 2023), as defined by Hugging Face's
 * `GPTNeoXForCausalLM`: the first part of each head is rotated; both branches read the same
 * residual, each through a norm of its own, unless `use_parallel_residual` is false. The files'
 * `attention.bias`, `attention.masked_bias` and `rotary_emb.inv_freq` are not weights.
 */
export const gptNeox: Family<GptNeoxConfig> = {
  type: 'gpt_neox',
  parse(json, from) {
    const c = readFields(fields, json, from);
    const { hidden_size, num_attention_heads } = c;
    const heads = headsOf({ hidden_size, num_attention_heads }, from);
    const rotated = rotatedDim(json, from, heads.headDim, c.rotary_pct);
    const base = { ...(json as object), rope_theta: c.rotary_emb_base };
    return {
      family: 'gpt_neox',
      vocabSize: c.vocab_size,
      dModel: hidden_size,
      nLayers: c.num_hidden_layers,
      ...heads,
      dMlp: c.intermediate_size,
      normEpsilon: c.layer_norm_eps,
      rope: parseRope(base, from, rotated),
      maxPositions: c.max_position_embeddings,
      tied: c.tie_word_embeddings,
      parallel: c.use_parallel_residual,
      windows: Array<undefined>(c.num_hidden_layers).fill(undefined),
      activation: activation(c.hidden_act, 'hidden_act', from),
      attentionBias: c.attention_bias,
      ...specialIds(c),
    };
  },
  forward: gptNeoxForward,
};

/**
 *     x = embed(tokens)
 *     for each layer:  x += attention(norm1(x)) + mlp(norm2(x))
 *             or else  x += attention(norm1(x));  x += mlp(norm2(x))
 *     logits = unembed(norm(x))
 */
function gptNeoxForward(pass: Pass<GptNeoxConfig>): ForwardOutputs {
  const { vocabSize, dModel, parallel } = pass.config;
  const embedding = 'gpt_neox.embed_in';
  const embedded = pass.embedding(embedding, pass.inputs.tokens, [vocabSize, dModel]);
  const start = pass.hook('hook_embed', embedded); // [b, s, d_model]
  const attend = (x: Value, layer: number) => neoxAttention(pass, x, layer);
  const mlp = (x: Value, layer: number) => neoxMlp(pass, x, layer);
  const x = parallel
    ? pass.parallel(start, (x, layer) => ({ attend: attend(x, layer), mlp: mlp(x, layer) }))
    : pass.sequential(start, attend, mlp);
  const norm = (rows: Value) => pass.layerNorm('gpt_neox.final_layer_norm', rows);
  return pass.unembed(x, norm, { module: 'embed_out', embedding });
}

/** @param x [b, s, d_model], not yet normalised */
function neoxAttention(pass: Pass<GptNeoxConfig>, x: Value, layer: number): Value {
  const { dModel, attentionBias: bias } = pass.config;
  const block = `gpt_neox.layers.${layer}`;
  const normed = pass.into('attn', layer, pass.layerNorm(`${block}.input_layernorm`, x));
  const fused = pass.linear(`${block}.attention.query_key_value`, normed, 3 * dModel, { bias });
  const { q, k, v } = unfuseHeads(pass, fused);
  const z = pass.attend(layer, { q: pass.rotate(q), k: pass.rotate(k), v });
  return pass.linear(`${block}.attention.dense`, z, dModel, { bias });
}

/** @param x [b, s, d_model], not yet normalised */
function neoxMlp(pass: Pass<GptNeoxConfig>, x: Value, layer: number): Value {
  const { dMlp, dModel, activation } = pass.config;
  const block = `gpt_neox.layers.${layer}`;
  const normed = pass.into('mlp', layer, pass.layerNorm(`${block}.post_attention_layernorm`, x));
  const hidden = pass.linear(`${block}.mlp.dense_h_to_4h`, normed, dMlp, { bias: true }); // [b, s, d_mlp]
  return pass.linear(`${block}.mlp.dense_4h_to_h`, activation(hidden), dModel, { bias: true });
}
