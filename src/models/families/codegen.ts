import { z } from 'zod';
import { reshape, split, type Value } from '../../graph/index.js';
import { demand, divides, readFields } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import type { GptConfig } from './gpt2.js';
import { gptjForward, parseGptj } from './gptj.js';

export interface CodegenConfig extends GptConfig {
  /** Over how many devices it was trained: each one's part of the fused weight lies together. */
  shares: number;
}

const fields = z.object({ head_dim: z.int().positive().nullish() });

/**
 * CodeGen (Nijkamp et al. 2022): GPT-J with queries, keys and values in one weight, in four shares;
 * as defined by Hugging Face's `CodeGenForCausalLM`. CodeGen2's smaller models (1B, 3.7B) have
 * eight, by their own code; what tells them apart is that their configs have a `head_dim`, as
 * CTranslate2's converter knows too. The files' `attn.causal_mask` is a mask, not a weight.
 */
export const codegen: Family<CodegenConfig> = {
  type: 'codegen',
  parse(json, from) {
    const config = parseGptj(json, from);
    const { head_dim: given } = readFields(fields, json, from);
    const known = given == null || (given === config.headDim && [128, 256].includes(given));
    demand(known, `head_dim ${given} (only CodeGen2's 128 and 256 are)`, from);
    const shares = given == null ? 4 : 8;
    divides(config.nHeads, shares, 'the number of attention heads', from);
    return { ...config, shares };
  },
  forward: (pass) =>
    gptjForward(pass, (normed, attention) => {
      const width = 3 * pass.config.dModel;
      return unfuse(pass, pass.linear(`${attention}.qkv_proj`, normed, width));
    }),
};

/** Each share has the queries of its heads, then the values, then the keys. */
function unfuse({ config }: Pass<CodegenConfig>, qkv: Value): { q: Value; k: Value; v: Value } {
  const { dModel, shares } = config;
  const [b, s] = qkv.dims;
  const width = dModel / shares;
  const apart = reshape(qkv, [b!, s!, shares, 3 * width]);
  const [q, v, k] = split(apart, [width, width, width], -1).map((part) =>
    reshape(part, [b!, s!, dModel]),
  );
  return { q: q!, k: k!, v: v! }; // [b, s, heads * hd] each
}
