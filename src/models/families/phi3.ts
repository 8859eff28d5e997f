import { z } from 'zod';
import { mul, split, type Value } from '../../graph/index.js';
import { demand, readFields } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import { type LlamaConfig, llamaForward, parseLlama } from './llama.js';

const fields = z.object({
  sliding_window: z.int().positive().nullish(),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  lm_head_bias: z.boolean().default(false),
});
const scaling = z.looseObject({ type: z.string().nullish(), rope_type: z.string().nullish() });
const ropeFields = z.looseObject({
  rope_scaling: scaling.nullish(),
  rope_parameters: scaling.nullish(),
});

/**
 * Phi-3, Phi-3.5 and Phi-4 (Abdin et al. 2024), as defined by Hugging Face's `Phi3ForCausalLM`: Llama
 * whose projections are fused, with a window in every layer, partial rotary and `longrope`.
 */
export const phi3: Family<LlamaConfig> = {
  type: 'phi3',
  parse(json, from) {
    const { sliding_window, ...biases } = readFields(fields, json, from);
    for (const [field, has] of Object.entries(biases)) demand(!has, field, from);
    const defaults = { max_position_embeddings: 4096, original_max_position_embeddings: 4096 };
    const filled = { ...defaults, ...asLongrope(json, from) };
    const config = parseLlama(filled, from, { rms_norm_eps: 1e-5 });
    return { ...config, windows: config.windows.map(() => sliding_window ?? undefined) };
  },
  forward: (pass) =>
    llamaForward(pass, {
      attend: (normed, layer) => phi3Attention(pass, normed, layer),
      mlp: (normed, layer) => phi3Mlp(pass, normed, layer),
    }),
};

/** Early configs call this family's one scaling "su" or "yarn". */
function asLongrope(json: unknown, from: string): Record<string, unknown> {
  const c = readFields(ropeFields, json, from);
  const key = c.rope_parameters ? 'rope_parameters' : 'rope_scaling';
  const given = c[key];
  const type = given?.rope_type ?? given?.type ?? 'default';
  const known = ['default', 'longrope', 'su', 'yarn'].includes(type);
  demand(known, `rotary scaling "${type}" of phi3`, from);
  return type === 'default' ? c : { ...c, [key]: { ...given, rope_type: 'longrope' } };
}

/** @param normed [b, s, d_model] */
function phi3Attention(pass: Pass<LlamaConfig>, normed: Value, layer: number): Value {
  const { nHeads, nKvHeads, headDim, dModel } = pass.config;
  const attention = `model.layers.${layer}.self_attn`;
  const widths = [nHeads, nKvHeads, nKvHeads].map((heads) => heads * headDim);
  const total = (nHeads + 2 * nKvHeads) * headDim;
  const qkv = pass.linear(`${attention}.qkv_proj`, normed, total); // [b, s, q | k | v]
  const [q, k, v] = split(qkv, widths, 2) as [Value, Value, Value];
  const z = pass.attend(layer, { q: pass.rotate(q), k: pass.rotate(k), v });
  return pass.linear(`${attention}.o_proj`, z, dModel);
}

/** The gated MLP. normed: [b, s, d_model] */
function phi3Mlp(pass: Pass<LlamaConfig>, normed: Value, layer: number): Value {
  const { dMlp, dModel, activation } = pass.config;
  const mlp = `model.layers.${layer}.mlp`;
  const both = pass.linear(`${mlp}.gate_up_proj`, normed, 2 * dMlp); // [b, s, gate | up]
  const [gate, up] = split(both, [dMlp, dMlp], 2) as [Value, Value];
  return pass.linear(`${mlp}.down_proj`, mul(activation(gate), up), dModel);
}
