import { z } from 'zod';
import { scale, tanh, type Value } from '../../graph/index.js';
import type { ForwardOutputs } from '../build.js';
import { readFields } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import { gemmaEmbed, gemmaNorm, parseGemma } from './gemma.js';
import { type LlamaConfig, llamaAttention, llamaMlp } from './llama.js';
import { layerWindows } from './windows.js';

export interface Gemma2Config extends LlamaConfig {
  /** Scores are divided by its square root: not always that of head_dim. */
  queryScalar: number;
  attentionCap: number | undefined;
  finalCap: number | undefined;
}

const cap = (value: number) => z.number().positive().nullable().default(value);
const fields = z.object({
  query_pre_attn_scalar: z.number().positive().default(256),
  attn_logit_softcapping: cap(50),
  final_logit_softcapping: cap(30),
  sliding_window: z.int().positive().nullable().default(4096),
});

/**
 * Gemma 2 (Gemma Team 2024), as defined by Hugging Face's `Gemma2ForCausalLM`: Gemma with norms
 * after the branches too, windows in every other layer, and bounds on scores and logits.
 */
export const gemma2: Family<Gemma2Config> = {
  type: 'gemma2',
  parse(json, from) {
    const config = parseGemma(json, from, { num_key_value_heads: 4 });
    const c = readFields(fields, json, from);
    const isEven = (layer: number) => layer % 2 === 0;
    const window = c.sliding_window ?? undefined;
    return {
      ...config,
      queryScalar: c.query_pre_attn_scalar,
      attentionCap: c.attn_logit_softcapping ?? undefined,
      finalCap: c.final_logit_softcapping ?? undefined,
      windows: layerWindows(json, from, config.nLayers, window, isEven),
    };
  },
  forward: gemma2Forward,
};

/**
 *     x = sqrt(d_model) * embed(tokens)
 *     for each layer:  x += norm(attention(norm(x)));  x += norm(mlp(norm(x)))
 *     logits = cap(unembed(norm(x)))
 */
function gemma2Forward(pass: Pass<Gemma2Config>): ForwardOutputs {
  const { queryScalar, attentionCap, finalCap } = pass.config;
  const norm = (module: string, x: Value) => gemmaNorm(pass, `model.${module}`, x);
  const options = { scale: queryScalar ** -0.5, softcap: attentionCap };
  const x = pass.sequential(
    gemmaEmbed(pass),
    (x, layer) => {
      const normed = pass.into('attn', layer, norm(`layers.${layer}.input_layernorm`, x));
      const y = llamaAttention(pass, normed, layer, options);
      return norm(`layers.${layer}.post_attention_layernorm`, y);
    },
    (x, layer) => {
      const normed = pass.into('mlp', layer, norm(`layers.${layer}.pre_feedforward_layernorm`, x));
      const y = llamaMlp(pass, normed, layer);
      return norm(`layers.${layer}.post_feedforward_layernorm`, y);
    },
  );
  const head = { module: 'lm_head', embedding: 'model.embed_tokens' };
  const bound = (logits: Value) =>
    finalCap === undefined ? logits : scale(tanh(scale(logits, 1 / finalCap)), finalCap);
  return pass.unembed(x, (rows) => norm('norm', rows), head, bound);
}
