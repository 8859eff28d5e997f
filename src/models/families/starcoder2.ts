import { z } from 'zod';
import type { Value } from '../../graph/index.js';
import type { ForwardOutputs } from '../build.js';
import { demand, readFields } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaAttention, parseLlama } from './llama.js';

const fields = z.object({
  norm_epsilon: z.number().positive().default(1e-5),
  norm_type: z.string().default('layer_norm'),
  mlp_type: z.string().default('default'),
  use_bias: z.boolean().default(true),
  sliding_window: z.int().positive().nullish(),
});

/**
 * StarCoder2 (Lozhkov et al. 2024), as defined by Hugging Face's `Starcoder2ForCausalLM`: layer
 * norms, an MLP without a gate, biases on every linear layer but the unembedding.
 */
export const starcoder2: Family<LlamaConfig> = {
  type: 'starcoder2',
  parse(json, from) {
    const c = readFields(fields, json, from);
    demand(c.norm_type === 'layer_norm', `norm_type "${c.norm_type}"`, from);
    demand(c.mlp_type === 'default', `mlp_type "${c.mlp_type}"`, from);
    const config = parseLlama(json, from, {
      num_key_value_heads: 2,
      hidden_act: 'gelu_pytorch_tanh',
      max_position_embeddings: 4096,
      tie_word_embeddings: true,
    });
    return {
      ...config,
      normEpsilon: c.norm_epsilon,
      biases: { qkv: c.use_bias, o: c.use_bias, mlp: c.use_bias },
      windows: config.windows.map(() => c.sliding_window ?? undefined),
    };
  },
  forward: starcoder2Forward,
};

/**
 *     x = embed(tokens)
 *     for each layer:  x += attention(norm(x));  x += mlp(norm(x))
 *     logits = unembed(norm(x))
 */
function starcoder2Forward(pass: Pass<LlamaConfig>): ForwardOutputs {
  const { vocabSize, dModel } = pass.config;
  const embedding = 'model.embed_tokens';
  const norm = (module: string, x: Value) => pass.layerNorm(`model.${module}`, x);
  const embedded = pass.embedding(embedding, pass.inputs.tokens, [vocabSize, dModel]);
  const x = pass.sequential(
    pass.hook('hook_embed', embedded), // [b, s, d_model]
    (x, layer) => {
      const normed = norm(`layers.${layer}.input_layernorm`, x);
      return llamaAttention(pass, pass.into('attn', layer, normed), layer);
    },
    (x, layer) => {
      const normed = norm(`layers.${layer}.post_attention_layernorm`, x);
      return starcoder2Mlp(pass, pass.into('mlp', layer, normed), layer);
    },
  );
  return pass.unembed(x, (rows) => norm('norm', rows), { module: 'lm_head', embedding });
}

/** `c_proj(act(c_fc(x)))`. normed: [b, s, d_model] */
function starcoder2Mlp(pass: Pass<LlamaConfig>, normed: Value, layer: number): Value {
  const { dMlp, dModel, activation, biases } = pass.config;
  const mlp = `model.layers.${layer}.mlp`;
  const hidden = pass.linear(`${mlp}.c_fc`, normed, dMlp, { bias: biases.mlp }); // [b, s, d_mlp]
  return pass.linear(`${mlp}.c_proj`, activation(hidden), dModel, { bias: biases.mlp });
}
