import { z } from 'zod';
import { readFields } from '../fields.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaForward, parseLlama } from './llama.js';

const fields = z.object({ sliding_window: z.int().positive().nullable().default(4096) });

/**
 * Mistral (Jiang et al. 2023), as defined by Hugging Face's `MistralForCausalLM`: Llama whose every
 * layer sees only a window.
 */
export const mistral: Family<LlamaConfig> = {
  type: 'mistral',
  parse(json, from) {
    const config = parseLlama(json, from, {
      num_key_value_heads: 8,
      max_position_embeddings: 131072,
    });
    const { sliding_window } = readFields(fields, json, from);
    return { ...config, windows: config.windows.map(() => sliding_window ?? undefined) };
  },
  forward: (pass) => llamaForward(pass),
};
