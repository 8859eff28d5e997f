import { codegen } from './codegen.js';
import type { Family } from './family.js';
import { gemma } from './gemma.js';
import { gemma2 } from './gemma2.js';
import { gptBigcode } from './gpt-bigcode.js';
import { gptNeox } from './gpt-neox.js';
import { gpt2 } from './gpt2.js';
import { gptj } from './gptj.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { phi } from './phi.js';
import { phi3 } from './phi3.js';
import { qwen2 } from './qwen2.js';
import { qwen3 } from './qwen3.js';
import { stablelm } from './stablelm.js';
import { starcoder2 } from './starcoder2.js';

/** Every architecture, by `model_type`. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map(
  [
    llama,
    mistral,
    qwen2,
    qwen3,
    gemma,
    gemma2,
    phi3,
    starcoder2,
    stablelm,
    codegen,
    gptBigcode,
    gptNeox,
    gpt2,
    gptj,
    phi,
  ].map((family) => [family.type, family as unknown as Family]),
);
