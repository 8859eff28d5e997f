import { z } from 'zod';
import type { Value } from '../../graph/index.js';
import type { ForwardOutputs } from '../build.js';
import { demand, evenRotary, readFields } from '../fields.js';
import type { Pass } from '../pass.js';
import type { Family } from './family.js';
import { type GptConfig, parseGpt } from './gpt2.js';

const fields = z.object({ rotary_dim: z.int().positive().nullable().default(64) });

/**
 * GPT-J (Wang & Komatsuzaki 2021), as defined by Hugging Face's `GPTJForCausalLM`: both branches
 * read the same normed residual; neighbours in the first `rotary_dim` values of each head are
 * rotated; attention has no biases, the unembedding has one. `scale_attn_weights` is not read there
 * either.
 */
export const gptj: Family<GptConfig> = {
  type: 'gptj',
  parse: parseGptj,
  forward: (pass) =>
    gptjForward(pass, (normed, attention) => {
      const project = (name: string) =>
        pass.linear(`${attention}.${name}`, normed, pass.config.dModel); // [b, s, heads * hd]
      return { q: project('q_proj'), k: project('k_proj'), v: project('v_proj') };
    }),
};

export function parseGptj(json: unknown, from: string): GptConfig {
  const config = parseGpt(json, from, { positions: 2048, activation: 'gelu_new', tied: false });
  const { rotary_dim: dim } = readFields(fields, json, from);
  demand(dim !== null, 'rotary_dim null', from);
  evenRotary(dim!, config.headDim, from);
  const rope = { type: 'default', theta: 10000, dim: dim!, interleaved: true } as const;
  return { ...config, rope, parallel: true };
}

/**
 *     x = embed(tokens)
 *     for each layer:  n = norm(x);  x += attention(n) + mlp(n)
 *     logits = unembed(norm(x))
 *
 * @param project from the normed residual [b, s, d_model] and the attention's path to its queries,
 *   keys and values
 */
export function gptjForward(
  pass: Pass<GptConfig>,
  project: (normed: Value, attention: string) => { q: Value; k: Value; v: Value },
): ForwardOutputs {
  const { vocabSize, dModel } = pass.config;
  const embedding = 'transformer.wte';
  const embedded = pass.embedding(embedding, pass.inputs.tokens, [vocabSize, dModel]);
  const x = pass.parallel(
    pass.hook('hook_embed', embedded), // [b, s, d_model]
    (x, layer) => {
      const block = `transformer.h.${layer}`;
      const normed = pass.layerNorm(`${block}.ln_1`, x);
      const { q, k, v } = project(pass.into('attn', layer, normed), `${block}.attn`);
      const z = pass.attend(layer, { q: pass.rotate(q), k: pass.rotate(k), v });
      const attend = pass.linear(`${block}.attn.out_proj`, z, dModel);
      return { attend, mlp: gptjMlp(pass, pass.into('mlp', layer, normed), `${block}.mlp`) };
    },
  );
  const norm = (rows: Value) => pass.layerNorm('transformer.ln_f', rows);
  return pass.unembed(x, norm, { module: 'lm_head', embedding, bias: true });
}

/** `out(act(in(x)))` */
function gptjMlp(pass: Pass<GptConfig>, normed: Value, mlp: string): Value {
  const { dMlp, dModel, activation } = pass.config;
  const hidden = pass.linear(`${mlp}.fc_in`, normed, dMlp, { bias: true }); // [b, s, d_mlp]
  return pass.linear(`${mlp}.fc_out`, activation(hidden), dModel, { bias: true });
}
