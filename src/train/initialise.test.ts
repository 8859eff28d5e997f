import { describe, expect, it } from 'vitest';
import { parseConfig } from '../models/index.js';
import { initialWeights } from './initialise.js';

const initial = (json: Record<string, unknown>) =>
  initialWeights(parseConfig({ vocab_size: 50, ...json }, 'config.json'), 1);
const gpt = { n_embd: 32, n_layer: 2, n_head: 4, rotary_dim: 4 };
const llama = {
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  intermediate_size: 64,
};
const deviation = (data: ArrayLike<number>) =>
  Math.sqrt(Array.from(data, (x) => x * x).reduce((a, b) => a + b) / data.length);

describe('initialWeights', () => {
  it.each([
    [
      'gpt2',
      gpt,
      'transformer.h.1.ln_2',
      'transformer.h.0.mlp.c_proj',
      'transformer.h.0.attn.c_attn',
    ],
    ['gptj', gpt, 'transformer.ln_f', 'transformer.h.1.attn.out_proj', 'transformer.h.1.mlp.fc_in'],
    [
      'gpt_neox',
      llama,
      'gpt_neox.final_layer_norm',
      'gpt_neox.layers.0.mlp.dense_4h_to_h',
      'gpt_neox.layers.0.mlp.dense_h_to_4h',
    ],
    ['phi', llama, 'model.final_layernorm', 'model.layers.0.self_attn.dense', 'lm_head'],
    ['llama', llama, 'model.norm', 'model.layers.1.mlp.down_proj', 'model.layers.1.mlp.up_proj'],
  ])(
    '%s: norms of 1, no biases, less into the residual stream',
    (model_type, json, norm, writes, reads) => {
      const weights = initial({ model_type, ...json });
      expect(weights.get(`${norm}.weight`)!.data.every((x) => x === 1)).toBe(true);
      const biases = [...weights].filter(([name]) => name.endsWith('.bias'));
      expect(biases.every(([, { data }]) => data.every((x) => x === 0))).toBe(true);
      expect(deviation(weights.get(`${reads}.weight`)!.data)).toBeCloseTo(0.02, 2.5);
      expect(deviation(weights.get(`${writes}.weight`)!.data)).toBeCloseTo(0.01, 2.5);
    },
  );

  it("Gemma's norms are 0: they multiply by one more", () => {
    const weights = initial({ model_type: 'gemma', head_dim: 8, ...llama });
    expect(weights.get('model.norm.weight')!.data.every((x) => x === 0)).toBe(true);
  });
});
