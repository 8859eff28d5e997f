import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement } from '../testing/compare.js';
import { type Departures, gated, llamaLike, separate, TINY_LLAMA } from '../testing/llama-like.js';
import { gelu, geluTanh, silu } from '../testing/oracle.js';

const GEMMA = { model_type: 'gemma', ...TINY_LLAMA, head_dim: 12, hidden_act: 'gelu' };
const GEMMA2 = {
  model_type: 'gemma2',
  ...TINY_LLAMA,
  head_dim: 12,
  sliding_window: 4,
  query_pre_attn_scalar: 20,
  attn_logit_softcapping: 2,
  final_logit_softcapping: 3,
};

/** `GemmaModel` of Hugging Face's modeling_gemma.py. */
const gemma: Departures = {
  headDim: 12,
  tied: true,
  embedScale: Math.sqrt(32),
  norm: (w, module, x) => w.rmsNorm(module, x, 1e-6, 1),
  mlp: gated(geluTanh),
};

/** `Gemma2DecoderLayer` and `Gemma2ForCausalLM` of its modeling_gemma2.py. */
const gemma2: Departures = {
  ...gemma,
  mlpNorm: 'pre_feedforward_layernorm',
  after: { attention: 'post_attention_layernorm', mlp: 'post_feedforward_layernorm' },
  scale: 1 / Math.sqrt(20),
  softcap: 2,
  window: (layer) => (layer % 2 === 0 ? 4 : undefined),
  cap: (logit) => 3 * Math.tanh(logit / 3),
};
const { softcap: _, cap: __, ...uncapped } = gemma2;

describe('Gemma and Gemma 2', () => {
  it.each<[string, typeof TINY_LLAMA & Record<string, unknown>, Departures]>([
    ['Gemma, as early configs are', GEMMA, gemma],
    ['Gemma, without hidden_act', { ...GEMMA, hidden_act: undefined }, gemma],
    ['Gemma, exact GELU', { ...GEMMA, hidden_activation: 'gelu' }, { ...gemma, mlp: gated(gelu) }],
    [
      'Gemma, biases and untied',
      { ...GEMMA, attention_bias: true, tie_word_embeddings: false },
      { ...gemma, tied: false, qkv: separate({ headDim: 12, bias: true }), outBias: true },
    ],
    ['Gemma 2', GEMMA2, gemma2],
    [
      'Gemma 2 without bounds',
      { ...GEMMA2, attn_logit_softcapping: null, final_logit_softcapping: null },
      uncapped,
    ],
    [
      'Gemma 2 without windows',
      { ...GEMMA2, sliding_window: null },
      { ...gemma2, window: () => undefined },
    ],
    [
      'Gemma 2, windows where layer_types say so',
      { ...GEMMA2, layer_types: ['full_attention', 'sliding_attention', 'sliding_attention'] },
      { ...gemma2, window: (layer) => (layer > 0 ? 4 : undefined) },
    ],
  ])('agree with their definition: %s', async (_, json, departures) => {
    expect(await disagreement(json, llamaLike(departures))).toBeLessThan(2e-5);
  });

  it.each<[string, Departures]>([
    ['windows in odd layers', { ...gemma2, window: (layer) => (layer % 2 ? 4 : undefined) }],
    ['the scale of head_dim', { ...gemma2, scale: 1 / Math.sqrt(12) }],
    ['no bound on scores', { ...gemma2, softcap: 1e6 }],
    ['a plain SiLU', { ...gemma2, mlp: gated(silu) }],
  ])('do not agree with another one: %s', async (_, departures) => {
    expect(await disagreement(GEMMA2, llamaLike(departures))).toBeGreaterThan(1e-3);
  });

  it('have the defaults of their config classes', () => {
    const { num_key_value_heads, max_position_embeddings, ...rest } = TINY_LLAMA;
    const parse = (model_type: string, num_attention_heads: number) =>
      parseConfig({ ...rest, model_type, num_attention_heads }, 'config.json');
    expect(parse('gemma', 16)).toMatchObject({
      headDim: 256,
      nKvHeads: 16,
      maxPositions: 8192,
      tied: true,
      windows: [undefined, undefined, undefined],
    });
    expect(parse('gemma2', 8)).toMatchObject({
      headDim: 256,
      nKvHeads: 4,
      tied: true,
      queryScalar: 256,
      attentionCap: 50,
      finalCap: 30,
      windows: [4096, undefined, 4096],
    });
  });

  it.each([
    ['use_bidirectional_attention', { use_bidirectional_attention: true }],
    ['hidden_act "silu"', { hidden_act: 'silu' }],
    ['hidden_activation "mish"', { hidden_activation: 'mish' }],
  ])('refuse %s by name', (message, changes) => {
    expect(() => parseConfig({ ...GEMMA, ...changes }, 'config.json')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(message) }),
    );
  });
});
