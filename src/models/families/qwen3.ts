import { z } from 'zod';
import { readFields } from '../fields.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaAttention, llamaForward } from './llama.js';
import { parseQwen } from './qwen2.js';

const fields = z.object({ attention_bias: z.boolean().default(false) });

/**
 * Qwen3 (Yang et al. 2025), as defined by Hugging Face's `Qwen3ForCausalLM`: Llama whose heads of
 * queries and keys are normed, one weight [head_dim] for all of a layer's, before they are rotated.
 */
export const qwen3: Family<LlamaConfig> = {
  type: 'qwen3',
  parse(json, from) {
    const { attention_bias } = readFields(fields, json, from);
    return {
      ...parseQwen(json, from, { head_dim: 128 }),
      biases: { qkv: attention_bias, o: attention_bias, mlp: false },
    };
  },
  forward: (pass) =>
    llamaForward(pass, {
      attend: (normed, layer) =>
        llamaAttention(pass, normed, layer, {
          headNorm: (which, heads) =>
            pass.rmsNorm(`model.layers.${layer}.self_attn.${which}_norm`, heads),
        }),
    }),
};
