import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement } from '../testing/compare.js';
import { type Departures, llamaLike, separate, TINY_LLAMA } from '../testing/llama-like.js';
import { geluTanh, map, relu } from '../testing/oracle.js';

const STARCODER2 = { model_type: 'starcoder2', ...TINY_LLAMA };

/** `Starcoder2DecoderLayer` and its parts, of Hugging Face's modeling_starcoder2.py. */
const starcoder2 = (bias: boolean, act = geluTanh): Departures => ({
  tied: true,
  norm: (w, module, x) => w.layerNorm(module, x, 1e-5),
  qkv: separate({ bias }),
  outBias: bias,
  mlp: (w, normed, mlp) =>
    w.linear(`${mlp}.c_proj`, map(w.linear(`${mlp}.c_fc`, normed, 48, { bias }), act), 32, {
      bias,
    }),
});

describe('StarCoder2', () => {
  it.each<[string, typeof STARCODER2 & Record<string, unknown>, Departures]>([
    ['as it is', STARCODER2, starcoder2(true)],
    ['a window', { ...STARCODER2, sliding_window: 4 }, { ...starcoder2(true), window: () => 4 }],
    ['without biases', { ...STARCODER2, use_bias: false }, starcoder2(false)],
    ['another activation', { ...STARCODER2, hidden_act: 'relu' }, starcoder2(true, relu)],
    ['untied', { ...STARCODER2, tie_word_embeddings: false }, { ...starcoder2(true), tied: false }],
  ])('agrees with its definition: %s', async (_, json, departures) => {
    expect(await disagreement(json, llamaLike(departures))).toBeLessThan(2e-5);
  });

  it('has the defaults of its config class', () => {
    const { num_key_value_heads, max_position_embeddings, ...rest } = STARCODER2;
    expect(parseConfig(rest, 'config.json')).toMatchObject({
      nKvHeads: 2,
      maxPositions: 4096,
      normEpsilon: 1e-5,
      tied: true,
      windows: [undefined, undefined, undefined],
    });
  });

  it.each([
    ['norm_type "rms_norm"', { norm_type: 'rms_norm' }],
    ['mlp_type "gated"', { mlp_type: 'gated' }],
  ])('refuses %s by name', (message, changes) => {
    expect(() => parseConfig({ ...STARCODER2, ...changes }, 'config.json')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(message) }),
    );
  });
});
