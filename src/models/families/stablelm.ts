import { z } from 'zod';
import { concat, layerNorm, mul, reshape, type Value } from '../../graph/index.js';
import type { ForwardOutputs } from '../build.js';
import { readFields, rotatedDim } from '../fields.js';
import type { Pass } from '../pass.js';
import { parseRope } from '../rope.js';
import type { Family } from './family.js';
import {
  type LlamaAttentionOptions,
  type LlamaConfig,
  llamaAttention,
  llamaMlp,
  parseLlama,
} from './llama.js';

export interface StableLmConfig extends LlamaConfig {
  /** Whether each head of queries and keys is normed, with a weight of its own. */
  headNorms: boolean;
}

const fields = z.object({
  layer_norm_eps: z.number().positive().default(1e-5),
  use_qkv_bias: z.boolean().default(false),
  qk_layernorm: z.boolean().default(false),
  use_parallel_residual: z.boolean().default(false),
});

/**
 * StableLM, Stable Code (Bellagente et al. 2024), as defined by Hugging Face's `StableLmForCausalLM`:
 * Llama with layer norms, partial rotary and, in the larger ones, parallel branches.
 */
export const stablelm: Family<StableLmConfig> = {
  type: 'stablelm',
  parse(json, from) {
    const c = readFields(fields, json, from);
    const config = parseLlama(json, from, {
      num_key_value_heads: 32,
      max_position_embeddings: 4096,
    });
    return {
      ...config,
      normEpsilon: c.layer_norm_eps,
      rope: parseRope(json, from, rotatedDim(json, from, config.headDim, 0.25)),
      parallel: c.use_parallel_residual,
      biases: { qkv: c.use_qkv_bias, o: false, mlp: false },
      headNorms: c.qk_layernorm,
    };
  },
  forward: stableLmForward,
};

/**
 *     x = embed(tokens)
 *     for each layer:  x += attention(norm(x));  x += mlp(norm(x))
 *        or, parallel: n = norm(x);  x += attention(n) + mlp(n)
 *     logits = unembed(norm(x))
 */
function stableLmForward(pass: Pass<StableLmConfig>): ForwardOutputs {
  const { vocabSize, dModel, parallel, headNorms } = pass.config;
  const embedding = 'model.embed_tokens';
  const norm = (module: string, x: Value) => pass.layerNorm(`model.${module}`, x);
  const attend = (normed: Value, layer: number) => {
    const headNorm: LlamaAttentionOptions['headNorm'] = (which, heads) =>
      normEachHead(pass, `model.layers.${layer}.self_attn.${which}_layernorm`, heads);
    return llamaAttention(pass, pass.into('attn', layer, normed), layer, {
      ...(headNorms && { headNorm }),
    });
  };
  const mlp = (normed: Value, layer: number) =>
    llamaMlp(pass, pass.into('mlp', layer, normed), layer);

  const tokens = pass.embedding(embedding, pass.inputs.tokens, [vocabSize, dModel]);
  const embedded = pass.hook('hook_embed', tokens); // [b, s, d_model]
  const x = parallel
    ? pass.parallel(embedded, (x, layer) => {
        const normed = norm(`layers.${layer}.input_layernorm`, x);
        return { attend: attend(normed, layer), mlp: mlp(normed, layer) };
      })
    : pass.sequential(
        embedded,
        (x, layer) => attend(norm(`layers.${layer}.input_layernorm`, x), layer),
        (x, layer) => mlp(norm(`layers.${layer}.post_attention_layernorm`, x), layer),
      );
  return pass.unembed(x, (rows) => norm('norm', rows), { module: 'lm_head', embedding });
}

/** Layer norms without bias, head i by the weight `{module}.norms.{i}`. heads: [b, s, heads, hd] */
function normEachHead(pass: Pass<StableLmConfig>, module: string, heads: Value): Value {
  const { headDim, normEpsilon } = pass.config;
  const data = new Float32Array(headDim).fill(1);
  const plain = heads.graph.constant('f32', { dims: [headDim], data });
  const weights = Array.from({ length: heads.size(2) }, (_, i) =>
    reshape(pass.weight(`${module}.norms.${i}.weight`, [headDim]), [1, headDim]),
  );
  return mul(layerNorm(heads, plain, undefined, normEpsilon), concat(weights, 0)); // * [heads, hd]
}
