import { z } from 'zod';
import { reshape, split, type Value } from '../../graph/index.js';
import { demand, readFields } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import { type GptConfig, gptForward, parseGpt } from './gpt2.js';

export interface GptBigcodeConfig extends GptConfig {
  /** What attention scores are multiplied by. */
  scale: number;
}

const fields = z.object({
  multi_query: z.boolean().default(true),
  scale_attn_weights: z.boolean().default(true),
  add_cross_attention: z.boolean().default(false),
});

/**
 * StarCoder and SantaCoder (Li et al. 2023; Ben Allal et al. 2023): GPT-2 with one head of keys and
 * values for all; as defined by Hugging Face's `GPTBigCodeForCausalLM`. Its
 * `attention_softmax_in_fp32` and `scale_attention_softmax_in_fp32` only say how to round.
 */
export const gptBigcode: Family<GptBigcodeConfig> = {
  type: 'gpt_bigcode',
  parse(json, from) {
    const defaults = { positions: 1024, activation: 'gelu_pytorch_tanh', tied: true };
    const config = parseGpt(json, from, defaults);
    const c = readFields(fields, json, from);
    demand(!c.add_cross_attention, 'add_cross_attention', from);
    return {
      ...config,
      nKvHeads: c.multi_query ? 1 : config.nHeads,
      scale: c.scale_attn_weights ? 1 / Math.sqrt(config.headDim) : 1,
    };
  },
  forward: (pass) => gptForward(pass, 'out_in', (x, layer) => bigcodeAttention(pass, x, layer)),
};

/** @param x [b, s, d_model], not yet normalised */
function bigcodeAttention(pass: Pass<GptBigcodeConfig>, x: Value, layer: number): Value {
  const { dModel, nKvHeads, headDim, scale } = pass.config;
  const block = `transformer.h.${layer}`;
  const bias = true;
  const normed = pass.into('attn', layer, pass.layerNorm(`${block}.ln_1`, x));
  const width = dModel + 2 * nKvHeads * headDim;
  const qkv = pass.linear(`${block}.attn.c_attn`, normed, width, { bias });
  const z = pass.attend(layer, unfuse(pass, qkv), { scale });
  return pass.linear(`${block}.attn.c_proj`, z, dModel, { bias });
}

/** With one head of keys and values: all queries, then the key, then the value; else as GPT-NeoX. */
function unfuse(pass: Pass<GptBigcodeConfig>, qkv: Value) {
  const { nKvHeads, dModel, headDim } = pass.config;
  if (nKvHeads > 1) return unfuseHeads(pass, qkv);
  const [q, k, v] = split(qkv, [dModel, headDim, headDim], -1);
  return { q: q!, k: k!, v: v! }; // [b, s, heads * hd], [b, s, hd], [b, s, hd]
}

/** Query, key and value of the first head, then those of the next: [b, s, heads * hd] each. */
export function unfuseHeads({ config }: Pass, qkv: Value): { q: Value; k: Value; v: Value } {
  const { nHeads, headDim, dModel } = config;
  const [b, s] = qkv.dims;
  const perHead = reshape(qkv, [b!, s!, nHeads, 3 * headDim]);
  const [q, k, v] = split(perHead, [headDim, headDim, headDim], -1).map((part) =>
    reshape(part, [b!, s!, dModel]),
  );
  return { q: q!, k: k!, v: v! };
}
