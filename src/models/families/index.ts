import type { Family } from './family.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { qwen2 } from './qwen2.js';

/** Every architecture, by `model_type`. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map(
  [llama, mistral, qwen2].map((family) => [family.type, family as unknown as Family]),
);
