import { codegen } from './codegen.js';
import type { Family } from './family.js';
import { gptBigcode } from './gpt-bigcode.js';
import { gptNeox } from './gpt-neox.js';
import { gpt2 } from './gpt2.js';
import { gptj } from './gptj.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { phi } from './phi.js';
import { qwen2 } from './qwen2.js';

/** Every architecture, by `model_type`. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map(
  [llama, mistral, qwen2, codegen, gptBigcode, gptNeox, gpt2, gptj, phi].map((family) => [
    family.type,
    family as unknown as Family,
  ]),
);
