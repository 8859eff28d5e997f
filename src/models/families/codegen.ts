import { reshape, split, type Value } from '../../graph/index.js';
import { divides } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import type { GptConfig } from './gpt2.js';
import { gptjForward, parseGptj } from './gptj.js';

/** Over how many devices CodeGen was trained: each one's share of the fused weight lies together. */
const SHARES = 4;

/**
 * CodeGen (Nijkamp et al. 2022): GPT-J with queries, keys and values in one weight; as defined by
 * Hugging Face's `CodeGenForCausalLM`. The files' `attn.causal_mask` is a mask, not a weight.
 */
export const codegen: Family<GptConfig> = {
  type: 'codegen',
  parse(json, from) {
    const config = parseGptj(json, from);
    divides(config.nHeads, SHARES, 'the number of attention heads', from);
    return config;
  },
  forward: (pass) =>
    gptjForward(pass, (normed, attention) => {
      const width = 3 * pass.config.dModel;
      return unfuse(pass, pass.linear(`${attention}.qkv_proj`, normed, width));
    }),
};

/** Each share has the queries of its heads, then the values, then the keys. */
function unfuse({ config: { dModel } }: Pass, qkv: Value): { q: Value; k: Value; v: Value } {
  const [b, s] = qkv.dims;
  const width = dModel / SHARES;
  const shares = reshape(qkv, [b!, s!, SHARES, 3 * width]);
  const [q, v, k] = split(shares, [width, width, width], -1).map((part) =>
    reshape(part, [b!, s!, dModel]),
  );
  return { q: q!, k: k!, v: v! }; // [b, s, heads * hd] each
}
