import { z } from 'zod';
import { add, rmsNorm, scale, type Value } from '../../graph/index.js';
import { activation } from '../activation.js';
import type { ForwardOutputs } from '../build.js';
import { demand, readFields } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaAttention, llamaMlp, parseLlama } from './llama.js';

const fields = z.object({
  attention_bias: z.boolean().default(false),
  hidden_act: z.string().default('gelu_pytorch_tanh'),
  hidden_activation: z.string().nullish(),
  use_bidirectional_attention: z.boolean().nullish(),
});

/**
 * Gemma and CodeGemma (Gemma Team 2024), as defined by Hugging Face's `GemmaForCausalLM`: Llama with
 * scaled embeddings, norms of weight 1 + w, and a GELU in the MLP.
 */
export const gemma: Family<LlamaConfig> = {
  type: 'gemma',
  parse: (json, from) => parseGemma(json, from, { num_key_value_heads: 16 }),
  forward: gemmaForward,
};

/** What Gemma and Gemma 2 have in common. */
export function parseGemma(
  json: unknown,
  from: string,
  defaults: Record<string, unknown>,
): LlamaConfig {
  const c = readFields(fields, json, from);
  demand(!c.use_bidirectional_attention, 'use_bidirectional_attention', from);
  // Early configs say "gelu" in `hidden_act` and nothing else, but all were trained with the tanh.
  const early = ['gelu', 'gelu_pytorch_tanh'].includes(c.hidden_act);
  demand(c.hidden_activation != null || early, `hidden_act "${c.hidden_act}"`, from);
  const name = c.hidden_activation ?? 'gelu_pytorch_tanh';
  const config = parseLlama(json, from, {
    head_dim: 256,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
    ...defaults,
  });
  return {
    ...config,
    activation: activation(name, 'hidden_activation', from),
    biases: { qkv: c.attention_bias, o: c.attention_bias, mlp: false },
  };
}

/**
 *     x = sqrt(d_model) * embed(tokens)
 *     for each layer:  x += attention(norm(x));  x += mlp(norm(x))
 *     logits = unembed(norm(x))
 */
function gemmaForward(pass: Pass<LlamaConfig>): ForwardOutputs {
  const norm = (module: string, x: Value) => gemmaNorm(pass, `model.${module}`, x);
  const x = pass.sequential(
    gemmaEmbed(pass),
    (x, layer) => {
      const normed = norm(`layers.${layer}.input_layernorm`, x);
      return llamaAttention(pass, pass.into('attn', layer, normed), layer);
    },
    (x, layer) => {
      const normed = norm(`layers.${layer}.post_attention_layernorm`, x);
      return llamaMlp(pass, pass.into('mlp', layer, normed), layer);
    },
  );
  const head = { module: 'lm_head', embedding: 'model.embed_tokens' };
  return pass.unembed(x, (rows) => norm('norm', rows), head);
}

/** [b, s, d_model], times the square root of d_model. */
export function gemmaEmbed(pass: Pass<LlamaConfig>): Value {
  const { vocabSize, dModel } = pass.config;
  const dims = [vocabSize, dModel] as const;
  const embedded = pass.embedding('model.embed_tokens', pass.inputs.tokens, dims);
  return pass.hook('hook_embed', scale(embedded, Math.sqrt(dModel)));
}

/** `x / rms(x) * (1 + weight)`: the weights are stored less one. */
export function gemmaNorm(pass: Pass<LlamaConfig>, module: string, x: Value): Value {
  const weight = pass.weight(`${module}.weight`, [x.size(-1)]);
  return rmsNorm(x, add(weight, x.graph.scalar(1)), pass.config.normEpsilon);
}
