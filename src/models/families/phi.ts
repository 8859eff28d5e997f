import { z } from 'zod';
import { reshape, type Value } from '../../graph/index.js';
import { type Activation, activation } from '../activation.js';
import type { ForwardOutputs } from '../build.js';
import type { ModelConfig } from '../config.js';
import { headsOf, llamaFields, readFields, rotatedDim, specialIds } from '../fields.js';
import type { Pass } from '../pass.js';
import { parseRope } from '../rope.js';
import type { Family } from './family.js';

export interface PhiConfig extends ModelConfig {
  activation: Activation;
  /** Whether each head of queries and keys is normed before it is rotated. */
  headNorms: boolean;
}

const fields = z.object({
  ...llamaFields,
  hidden_act: z.string().default('gelu_new'),
  layer_norm_eps: z.number().positive().default(1e-5),
  qk_layernorm: z.boolean().default(false),
});

/**
 * Phi-1, 1.5 and 2 (Gunasekar et al. 2023), as defined by Hugging Face's `PhiForCausalLM`: both
 * branches read the same normed residual, the first part of each head is rotated, and every linear
 * layer has a bias, the unembedding too.
 */
export const phi: Family<PhiConfig> = {
  type: 'phi',
  parse(json, from) {
    const c = readFields(fields, json, from);
    const heads = headsOf(c, from);
    return {
      family: 'phi',
      vocabSize: c.vocab_size,
      dModel: c.hidden_size,
      nLayers: c.num_hidden_layers,
      ...heads,
      dMlp: c.intermediate_size,
      normEpsilon: c.layer_norm_eps,
      rope: parseRope(json, from, rotatedDim(json, from, heads.headDim, 0.5)),
      maxPositions: c.max_position_embeddings,
      tied: c.tie_word_embeddings,
      parallel: true,
      windows: Array<undefined>(c.num_hidden_layers).fill(undefined),
      activation: activation(c.hidden_act, 'hidden_act', from),
      headNorms: c.qk_layernorm,
      ...specialIds(c),
    };
  },
  forward: phiForward,
};

/**
 *     x = embed(tokens)
 *     for each layer:  n = norm(x);  x += attention(n) + mlp(n)
 *     logits = unembed(norm(x))
 */
function phiForward(pass: Pass<PhiConfig>): ForwardOutputs {
  const { vocabSize, dModel } = pass.config;
  const embedding = 'model.embed_tokens';
  const embedded = pass.embedding(embedding, pass.inputs.tokens, [vocabSize, dModel]);
  const x = pass.parallel(
    pass.hook('hook_embed', embedded), // [b, s, d_model]
    (x, layer) => {
      const normed = pass.layerNorm(`model.layers.${layer}.input_layernorm`, x);
      return {
        attend: phiAttention(pass, pass.into('attn', layer, normed), layer),
        mlp: phiMlp(pass, pass.into('mlp', layer, normed), layer),
      };
    },
  );
  const norm = (rows: Value) => pass.layerNorm('model.final_layernorm', rows);
  return pass.unembed(x, norm, { module: 'lm_head', embedding, bias: true });
}

/** @param normed [b, s, d_model] */
function phiAttention(pass: Pass<PhiConfig>, normed: Value, layer: number): Value {
  const { nHeads, nKvHeads, headDim, dModel } = pass.config;
  const attention = `model.layers.${layer}.self_attn`;
  const project = (name: string, heads: number) =>
    pass.linear(`${attention}.${name}`, normed, heads * headDim, { bias: true });
  const q = normHeads(pass, `${attention}.q_layernorm`, project('q_proj', nHeads)); // [b, s, heads * hd]
  const k = normHeads(pass, `${attention}.k_layernorm`, project('k_proj', nKvHeads)); // [b, s, kv * hd]
  const v = project('v_proj', nKvHeads);
  const z = pass.attend(layer, { q: pass.rotate(q), k: pass.rotate(k), v });
  return pass.linear(`${attention}.dense`, z, dModel, { bias: true });
}

/** Norms each head by itself, where the config says so. x: [b, s, heads * hd] */
function normHeads(pass: Pass<PhiConfig>, norm: string, x: Value): Value {
  const { headNorms, headDim } = pass.config;
  if (!headNorms) return x;
  const [b, s] = x.dims;
  const heads = reshape(x, [b!, s!, x.size(-1) / headDim, headDim]);
  return reshape(pass.layerNorm(norm, heads), x.dims);
}

/** `fc2(act(fc1(x)))` */
function phiMlp(pass: Pass<PhiConfig>, normed: Value, layer: number): Value {
  const { dMlp, dModel, activation } = pass.config;
  const mlp = `model.layers.${layer}.mlp`;
  const hidden = pass.linear(`${mlp}.fc1`, normed, dMlp, { bias: true }); // [b, s, d_mlp]
  return pass.linear(`${mlp}.fc2`, activation(hidden), dModel, { bias: true });
}
