import { z } from 'zod';
import { mul, silu, type Value } from '../../graph/index.js';
import type { ForwardOutputs } from '../build.js';
import type { ModelConfig } from '../config.js';
import { demand, divides, headsOf, llamaFields, readFields, specialIds } from '../fields.js';
import type { Pass } from '../pass.js';
import { parseRope } from '../rope.js';
import type { Family } from './family.js';

export interface LlamaConfig extends ModelConfig {
  biases: { qkv: boolean; o: boolean; mlp: boolean };
}

const fields = z.object({
  ...llamaFields,
  hidden_act: z.string().default('silu'),
  rms_norm_eps: z.number().positive().default(1e-6),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

/** Llama, Code Llama, DeepSeek-Coder, Seed-Coder, SmolLM (Touvron et al. 2023). */
export const llama: Family<LlamaConfig> = {
  type: 'llama',
  parse(json, from) {
    const config = parseLlama(json, from);
    const { attention_bias, mlp_bias } = readFields(fields, json, from);
    return { ...config, biases: { qkv: attention_bias, o: attention_bias, mlp: mlp_bias } };
  },
  forward: llamaForward,
};

/** What families of Llama's build have in common: no biases, full attention. */
export function parseLlama(json: unknown, from: string): LlamaConfig {
  const c = readFields(fields, json, from);
  demand(c.hidden_act === 'silu', `hidden_act "${c.hidden_act}"`, from);
  const heads = headsOf(c, from);
  divides(heads.headDim, 2, 'head_dim', from);
  return {
    family: (json as { model_type: string }).model_type,
    vocabSize: c.vocab_size,
    dModel: c.hidden_size,
    nLayers: c.num_hidden_layers,
    ...heads,
    dMlp: c.intermediate_size,
    normEpsilon: c.rms_norm_eps,
    rope: parseRope(json, from, heads.headDim),
    maxPositions: c.max_position_embeddings,
    tied: c.tie_word_embeddings,
    parallel: false,
    biases: { qkv: false, o: false, mlp: false },
    windows: Array<undefined>(c.num_hidden_layers).fill(undefined),
    ...specialIds(c),
  };
}

/**
 *     x = embed(tokens)
 *     for each layer:  x += attention(norm(x));  x += mlp(norm(x))
 *     logits = unembed(norm(x))
 */
export function llamaForward(pass: Pass<LlamaConfig>): ForwardOutputs {
  const { vocabSize, dModel } = pass.config;
  const embedding = 'model.embed_tokens';
  const embedded = pass.embedding(embedding, pass.inputs.tokens, [vocabSize, dModel]);
  const x = pass.sequential(
    pass.hook('hook_embed', embedded), // [b, s, d_model]
    (x, layer) => llamaAttention(pass, x, layer),
    (x, layer) => llamaMlp(pass, x, layer),
  );
  const norm = (rows: Value) => pass.rmsNorm('model.norm', rows);
  return pass.unembed(x, norm, { module: 'lm_head', embedding });
}

/** @param x [b, s, d_model], not yet normalised */
export function llamaAttention(pass: Pass<LlamaConfig>, x: Value, layer: number): Value {
  const { nHeads, nKvHeads, headDim, dModel, biases } = pass.config;
  const block = `model.layers.${layer}`;
  const normed = pass.into('attn', layer, pass.rmsNorm(`${block}.input_layernorm`, x));
  const project = (name: string, heads: number) =>
    pass.linear(`${block}.self_attn.${name}`, normed, heads * headDim, { bias: biases.qkv });
  const q = pass.rotate(project('q_proj', nHeads)); // [b, s, heads * hd]
  const k = pass.rotate(project('k_proj', nKvHeads)); // [b, s, kv * hd]
  const v = project('v_proj', nKvHeads);
  const z = pass.attend(layer, { q, k, v });
  return pass.linear(`${block}.self_attn.o_proj`, z, dModel, { bias: biases.o });
}

/** The gated MLP: `down(silu(gate(x)) * up(x))`. */
export function llamaMlp(pass: Pass<LlamaConfig>, x: Value, layer: number): Value {
  const { dMlp, dModel, biases } = pass.config;
  const block = `model.layers.${layer}`;
  const normed = pass.into('mlp', layer, pass.rmsNorm(`${block}.post_attention_layernorm`, x));
  const bias = biases.mlp;
  const gate = silu(pass.linear(`${block}.mlp.gate_proj`, normed, dMlp, { bias })); // [b, s, d_mlp]
  const up = pass.linear(`${block}.mlp.up_proj`, normed, dMlp, { bias });
  return pass.linear(`${block}.mlp.down_proj`, mul(gate, up), dModel, { bias });
}
