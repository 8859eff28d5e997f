import {
  add,
  dimProduct,
  gather,
  mul,
  reshape,
  rmsNorm,
  silu,
  type Value,
} from '../graph/index.js';
import { AttentionMasks, attention } from './attention.js';
import { type Build, type ForwardInputs, type ForwardOutputs, linear } from './build.js';

/**
 * The Llama block, which Mistral (sliding window) and Qwen2 (biases on q, k and v) share; the
 * differences are in the config: `windows` and `biases`.
 *
 *     x = embed(tokens)
 *     for each layer:  x += attention(norm(x));  x += mlp(norm(x))
 *     logits = unembed(norm(x))
 */
export function llamaForward(build: Build, inputs: ForwardInputs): ForwardOutputs {
  const { config, hook, weight } = build;
  const { vocabSize, dModel, nLayers, normEpsilon, tied } = config;
  const norm = (name: string, x: Value) =>
    rmsNorm(x, weight(`${name}.weight`, [dModel]), normEpsilon);
  const masks = new AttentionMasks(build, inputs);
  const keys: Value[] = [];
  const values: Value[] = [];

  const embedding = weight('model.embed_tokens.weight', [vocabSize, dModel]);
  let x = hook('hook_embed', gather(embedding, inputs.tokens)); // [b, s, d_model]

  for (let layer = 0; layer < nLayers; layer++) {
    const block = `blocks.${layer}`;
    const module = `model.layers.${layer}`;
    x = hook(`${block}.hook_resid_pre`, x);

    const normed = norm(`${module}.input_layernorm`, x);
    const { out, key, value } = attention(build, inputs, masks, layer, normed);
    keys.push(key);
    values.push(value);
    x = hook(`${block}.hook_resid_mid`, add(x, hook(`${block}.hook_attn_out`, out)));

    const hidden = mlp(build, `${module}.mlp`, norm(`${module}.post_attention_layernorm`, x));
    x = hook(`${block}.hook_resid_post`, add(x, hook(`${block}.hook_mlp_out`, hidden)));
  }

  // Only the positions that are asked for are normalised and unembedded.
  const [b, s] = x.dims as [string, string];
  const rows = gather(reshape(x, [dimProduct([b, s]), dModel]), inputs.logitRows); // [n, d_model]
  const final = hook('ln_final.hook_normalized', norm('model.norm', rows));
  const unembedding = tied ? { weight: embedding } : {};
  const logits = hook('logits', linear(build, 'lm_head', final, vocabSize, unembedding)); // [n, vocab]
  return { logits, keys, values };
}

/** The gated MLP: `down(silu(gate(x)) * up(x))`. */
function mlp(build: Build, module: string, x: Value): Value {
  const { dMlp, dModel, biases } = build.config;
  const bias = biases.mlp;
  const gate = silu(linear(build, `${module}.gate_proj`, x, dMlp, { bias })); // [b, s, d_mlp]
  const up = linear(build, `${module}.up_proj`, x, dMlp, { bias });
  return linear(build, `${module}.down_proj`, mul(gate, up), dModel, { bias });
}
