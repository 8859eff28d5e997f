import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement } from '../testing/compare.js';
import { type Departures, llamaLike, separate, TINY_LLAMA } from '../testing/llama-like.js';

const QWEN3 = { model_type: 'qwen3', ...TINY_LLAMA, head_dim: 12 };

/** `Qwen3Attention` of Hugging Face's modeling_qwen3.py: q_norm and k_norm [head_dim], before rotary. */
const definition: Departures = {
  headDim: 12,
  headNorm: (w, attention, which, head) => w.rmsNorm(`${attention}.${which}_norm`, head, 1e-6),
};

describe('Qwen3', () => {
  it.each<[string, typeof QWEN3 & Record<string, unknown>, Departures]>([
    ['as it is', QWEN3, definition],
    [
      'biases',
      { ...QWEN3, attention_bias: true },
      { ...definition, qkv: separate({ headDim: 12, bias: true }), outBias: true },
    ],
    [
      'sliding from a layer on',
      { ...QWEN3, use_sliding_window: true, sliding_window: 4, max_window_layers: 2 },
      { ...definition, window: (layer) => (layer === 2 ? 4 : undefined) },
    ],
    [
      'sliding where layer_types say so',
      {
        ...QWEN3,
        use_sliding_window: true,
        sliding_window: 4,
        layer_types: ['full_attention', 'sliding_attention', 'full_attention'],
      },
      { ...definition, window: (layer) => (layer === 1 ? 4 : undefined) },
    ],
  ])('agrees with its definition: %s', async (_, json, departures) => {
    expect(await disagreement(json, llamaLike(departures))).toBeLessThan(2e-5);
  });

  it('does not agree with norms of another size', async () => {
    const other: Departures = {
      ...definition,
      headNorm: (w, attention, which, head) => w.rmsNorm(`${attention}.${which}_norm`, head, 0.1),
    };
    expect(await disagreement(QWEN3, llamaLike(other))).toBeGreaterThan(1e-3);
  });

  it('has the defaults of its config class', () => {
    const { head_dim, num_key_value_heads, max_position_embeddings, ...rest } = QWEN3;
    expect(parseConfig({ ...rest, num_attention_heads: 64 }, 'config.json')).toMatchObject({
      headDim: 128,
      nKvHeads: 32,
      maxPositions: 32768,
      tied: false,
      biases: { qkv: false, o: false, mlp: false },
      windows: [undefined, undefined, undefined],
    });
  });
});
