import { z } from 'zod';
import { readFields } from '../fields.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaForward, parseLlama } from './llama.js';
import { layerWindows } from './windows.js';

const fields = z.object({
  sliding_window: z.int().positive().nullable().default(4096),
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.int().nonnegative().default(28),
});

/**
 * Qwen2 and Qwen2.5 (Yang et al. 2024), as defined by Hugging Face's `Qwen2ForCausalLM`: Llama with
 * biases on queries, keys and values.
 */
export const qwen2: Family<LlamaConfig> = {
  type: 'qwen2',
  parse(json, from) {
    return { ...parseQwen(json, from), biases: { qkv: true, o: false, mlp: false } };
  },
  forward: (pass) => llamaForward(pass),
};

/** Qwen2 and Qwen3: layers slide only where the config says so, by default from one layer on. */
export function parseQwen(
  json: unknown,
  from: string,
  defaults: Record<string, unknown> = {},
): LlamaConfig {
  const config = parseLlama(json, from, {
    num_key_value_heads: 32,
    max_position_embeddings: 32768,
    ...defaults,
  });
  const c = readFields(fields, json, from);
  const window = c.use_sliding_window ? (c.sliding_window ?? undefined) : undefined;
  const slides = (layer: number) => layer >= c.max_window_layers;
  return { ...config, windows: layerWindows(json, from, config.nLayers, window, slides) };
}
