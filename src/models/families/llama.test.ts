import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement } from '../testing/compare.js';
import { type Departures, gated, llamaLike, separate, TINY_LLAMA } from '../testing/llama-like.js';
import { frequencies, gelu, geluTanh, relu } from '../testing/oracle.js';

const LLAMA = { model_type: 'llama', ...TINY_LLAMA };
const MISTRAL = { model_type: 'mistral', ...TINY_LLAMA };
const QWEN2 = { model_type: 'qwen2', ...TINY_LLAMA };
const quick = (x: number) => x / (1 + Math.exp(-1.702 * x));
const plain = frequencies(10000, 8);

describe('Llama, Mistral and Qwen2', () => {
  it.each<[string, typeof LLAMA & Record<string, unknown>, Departures]>([
    ['Llama', LLAMA, {}],
    ['tied', { ...LLAMA, tie_word_embeddings: true }, { tied: true }],
    ['head_dim', { ...LLAMA, head_dim: 12 }, { headDim: 12 }],
    [
      'one head of keys and values',
      { ...LLAMA, num_key_value_heads: 1 },
      { kv: 1, qkv: separate({ kv: 1 }) },
    ],
    [
      'biases',
      { ...LLAMA, attention_bias: true, mlp_bias: true },
      {
        qkv: separate({ bias: true }),
        outBias: true,
        mlp: gated((x) => x / (1 + Math.exp(-x)), true),
      },
    ],
    ['gelu', { ...LLAMA, hidden_act: 'gelu' }, { mlp: gated(gelu) }],
    ['gelu_new', { ...LLAMA, hidden_act: 'gelu_new' }, { mlp: gated(geluTanh) }],
    ['relu', { ...LLAMA, hidden_act: 'relu' }, { mlp: gated(relu) }],
    ['quick_gelu', { ...LLAMA, hidden_act: 'quick_gelu' }, { mlp: gated(quick) }],
    [
      'partial rotary',
      { ...LLAMA, rope_parameters: { rope_theta: 100, partial_rotary_factor: 0.5 } },
      { inverse: frequencies(100, 4) },
    ],
    [
      'linear',
      { ...LLAMA, rope_scaling: { type: 'linear', factor: 4 } },
      { inverse: plain.map((x) => x / 4) },
    ],
    [
      'dynamic, within the context',
      { ...LLAMA, rope_scaling: { type: 'dynamic', factor: 3 } },
      { inverse: plain },
    ],
    [
      'dynamic, beyond the context',
      { ...LLAMA, max_position_embeddings: 10, rope_scaling: { type: 'dynamic', factor: 3 } },
      { inverse: frequencies(10000 * (3 * 1.3 - 2) ** (8 / 6), 8) },
    ],
    // Bounds at 32 and 1 turns within 64 positions lie at -0.5 and 1.01: 0 and 2 when truncated.
    [
      'yarn',
      { ...LLAMA, rope_scaling: { rope_type: 'yarn', factor: 4 } },
      {
        inverse: [plain[0]!, (plain[1]! * (1 + 1 / 4)) / 2, plain[2]! / 4, plain[3]! / 4],
        factor: 0.1 * Math.log(4) + 1,
      },
    ],
    ['Mistral', { ...MISTRAL, sliding_window: 4, attention_bias: true }, { window: () => 4 }],
    ['Qwen2', QWEN2, { qkv: separate({ bias: true }) }],
    [
      'Qwen2, sliding',
      { ...QWEN2, use_sliding_window: true, sliding_window: 4, max_window_layers: 1 },
      { qkv: separate({ bias: true }), window: (layer) => (layer > 0 ? 4 : undefined) },
    ],
  ])('agree with their definition: %s', async (_, json, departures) => {
    expect(await disagreement(json, llamaLike(departures))).toBeLessThan(2e-5);
  });

  it.each<[string, typeof LLAMA, Departures]>([
    ['another activation', LLAMA, { mlp: gated(gelu) }],
    ['another base', LLAMA, { inverse: frequencies(9000, 8) }],
    ['a window', LLAMA, { window: () => 12 }],
  ])('do not agree with another one: %s', async (_, json, departures) => {
    expect(await disagreement(json, llamaLike(departures))).toBeGreaterThan(1e-3);
  });

  it('have the defaults of their config classes', () => {
    const { num_key_value_heads, max_position_embeddings, ...rest } = LLAMA;
    const parse = (model_type: string, more: object = {}) =>
      parseConfig(
        { ...rest, model_type, hidden_size: 512, num_attention_heads: 32, ...more },
        'config.json',
      );
    expect(parse('llama')).toMatchObject({ nKvHeads: 32, maxPositions: 2048, normEpsilon: 1e-6 });
    expect(parse('mistral')).toMatchObject({
      nKvHeads: 8,
      maxPositions: 131072,
      windows: [4096, 4096, 4096],
    });
    const sliding = { use_sliding_window: true, max_window_layers: 2 };
    expect(parse('qwen2', { num_attention_heads: 64, ...sliding })).toMatchObject({
      nKvHeads: 32,
      maxPositions: 32768,
      windows: [undefined, undefined, 4096],
    });
  });

  it.each([
    ['BAD_CONFIG', 'layer_types has 1 entries, not 3', { layer_types: ['full_attention'] }],
    ['UNSUPPORTED', 'layer_types "linear_attention"', { layer_types: ['linear_attention'] }],
  ])('refuse with %s: %s', (code, message, changes) => {
    expect(() => parseConfig({ ...QWEN2, ...changes }, 'config.json')).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
