import { z } from 'zod';
import { readFields } from '../fields.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaForward, parseLlama } from './llama.js';

const fields = z.object({
  sliding_window: z.int().positive().nullish(),
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: z.array(z.string()).nullish(),
});

/** Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with biases on queries, keys and values. */
export const qwen2: Family<LlamaConfig> = {
  type: 'qwen2',
  parse(json, from) {
    const config = parseLlama(json, from);
    return {
      ...config,
      biases: { qkv: true, o: false, mlp: false },
      windows: qwenWindows(json, from, config.nLayers),
    };
  },
  forward: llamaForward,
};

/** Layers slide only where the config says so: those of `layer_types`, or from `max_window_layers` on. */
export function qwenWindows(json: unknown, from: string, nLayers: number): LlamaConfig['windows'] {
  const c = readFields(fields, json, from);
  const window = c.use_sliding_window ? (c.sliding_window ?? undefined) : undefined;
  return Array.from({ length: nLayers }, (_, layer) => {
    const slides = c.layer_types
      ? c.layer_types[layer] === 'sliding_attention'
      : layer >= c.max_window_layers;
    return slides ? window : undefined;
  });
}
