import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement } from '../testing/compare.js';
import { type Departures, llamaLike, separate, TINY_LLAMA } from '../testing/llama-like.js';
import { frequencies } from '../testing/oracle.js';

const STABLELM = { model_type: 'stablelm', ...TINY_LLAMA };

/** `StableLmDecoderLayer` and its parts, of Hugging Face's modeling_stablelm.py. */
const stablelm: Departures = {
  norm: (w, module, x) => w.layerNorm(module, x, 1e-5),
  inverse: frequencies(10000, 2),
};
const headNorm: Departures['headNorm'] = (w, attention, which, head, i) =>
  w.layerNorm(`${attention}.${which}_layernorm.norms.${i}`, head, 1e-5, { bias: false });

describe('StableLM', () => {
  it.each<[string, typeof STABLELM & Record<string, unknown>, Departures]>([
    ['as it is', STABLELM, stablelm],
    [
      'rotary of half of each head',
      { ...STABLELM, partial_rotary_factor: 0.5, rope_theta: 100 },
      { ...stablelm, inverse: frequencies(100, 4) },
    ],
    [
      'biases on queries, keys and values',
      { ...STABLELM, use_qkv_bias: true },
      { ...stablelm, qkv: separate({ bias: true }) },
    ],
    ['parallel', { ...STABLELM, use_parallel_residual: true }, { ...stablelm, parallel: true }],
    ['head norms', { ...STABLELM, qk_layernorm: true }, { ...stablelm, headNorm }],
    [
      'parallel with head norms',
      { ...STABLELM, use_parallel_residual: true, qk_layernorm: true },
      { ...stablelm, parallel: true, headNorm },
    ],
    ['tied', { ...STABLELM, tie_word_embeddings: true }, { ...stablelm, tied: true }],
  ])('agrees with its definition: %s', async (_, json, departures) => {
    expect(await disagreement(json, llamaLike(departures))).toBeLessThan(2e-5);
  });

  it('does not agree with one whose heads are wholly rotated', async () => {
    const { inverse: _, ...other } = stablelm;
    expect(await disagreement(STABLELM, llamaLike(other))).toBeGreaterThan(1e-3);
  });

  it('has the defaults of its config class', () => {
    const { num_key_value_heads, max_position_embeddings, ...rest } = STABLELM;
    const json = { ...rest, hidden_size: 512, num_attention_heads: 64 };
    expect(parseConfig(json, 'config.json')).toMatchObject({
      nKvHeads: 32,
      maxPositions: 4096,
      normEpsilon: 1e-5,
      tied: false,
      parallel: false,
      rope: { dim: 2 },
    });
  });
});
