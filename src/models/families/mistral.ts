import { z } from 'zod';
import { readFields } from '../fields.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaForward, parseLlama } from './llama.js';

const fields = z.object({ sliding_window: z.int().positive().nullish() });

/** Mistral (Jiang et al. 2023): Llama whose every layer sees only a window. */
export const mistral: Family<LlamaConfig> = {
  type: 'mistral',
  parse(json, from) {
    const config = parseLlama(json, from);
    const { sliding_window } = readFields(fields, json, from);
    return { ...config, windows: config.windows.map(() => sliding_window ?? undefined) };
  },
  forward: llamaForward,
};
