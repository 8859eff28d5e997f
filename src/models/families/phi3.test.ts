import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement } from '../testing/compare.js';
import { cut, type Departures, llamaLike, TINY_LLAMA } from '../testing/llama-like.js';
import { frequencies, map, mul, silu } from '../testing/oracle.js';

const PHI3 = { model_type: 'phi3', ...TINY_LLAMA, rms_norm_eps: 1e-6 };

/** `Phi3Attention` and `Phi3MLP` of Hugging Face's modeling_phi3.py. */
const phi3: Departures = {
  qkv: (w, normed, attention) => {
    const [q, k, v] = cut(w.linear(`${attention}.qkv_proj`, normed, 64), 32, 16, 16);
    return [q!, k!, v!];
  },
  mlp: (w, normed, mlp) => {
    const [gate, up] = cut(w.linear(`${mlp}.gate_up_proj`, normed, 96), 48, 48);
    return w.linear(`${mlp}.down_proj`, mul(map(gate!, silu), up!), 32);
  },
};

const short = [1, 1.5, 2, 2.5];
const long = [2, 4, 6, 8];
const longrope = (original: number, type = 'longrope') => ({
  ...PHI3,
  original_max_position_embeddings: original,
  rope_scaling: { type, short_factor: short, long_factor: long },
});
const stretched = (factors: readonly number[]) =>
  frequencies(10000, 8).map((x, i) => x / factors[i]!);
const factor = (original: number) => Math.sqrt(1 + Math.log(64 / original) / Math.log(original));

describe('Phi-3', () => {
  it.each<[string, typeof PHI3 & Record<string, unknown>, Departures]>([
    ['as it is', PHI3, phi3],
    ['a window', { ...PHI3, sliding_window: 4 }, { ...phi3, window: () => 4 }],
    [
      'longrope, up to the original context',
      longrope(13),
      { ...phi3, inverse: stretched(short), factor: factor(13) },
    ],
    [
      'longrope, beyond it',
      longrope(12),
      { ...phi3, inverse: stretched(long), factor: factor(12) },
    ],
    [
      'its early name',
      longrope(12, 'su'),
      { ...phi3, inverse: stretched(long), factor: factor(12) },
    ],
    ['another', longrope(12, 'yarn'), { ...phi3, inverse: stretched(long), factor: factor(12) }],
    [
      'partial rotary, as in Phi-4 mini',
      {
        ...longrope(12),
        partial_rotary_factor: 0.5,
        rope_scaling: { type: 'longrope', short_factor: [1, 1], long_factor: [2, 4] },
      },
      { ...phi3, inverse: [1 / 2, 0.01 / 4], factor: factor(12) },
    ],
  ])('agrees with its definition: %s', async (_, json, departures) => {
    expect(await disagreement(json, llamaLike(departures))).toBeLessThan(2e-5);
  });

  it.each<[string, Departures]>([
    ['keys before queries', { ...phi3, qkv: swapped }],
    ['no attention factor', { ...phi3, inverse: stretched(long) }],
  ])('does not agree with another one: %s', async (_, departures) => {
    expect(await disagreement(longrope(12), llamaLike(departures))).toBeGreaterThan(1e-3);
  });

  it('has the defaults of its config class', () => {
    const { rms_norm_eps, max_position_embeddings, num_key_value_heads, ...rest } = PHI3;
    const rope_scaling = longrope(1).rope_scaling;
    expect(parseConfig({ ...rest, rope_scaling }, 'config.json')).toMatchObject({
      normEpsilon: 1e-5,
      nKvHeads: 4,
      maxPositions: 4096,
      tied: false,
      rope: { originalMaxPositions: 4096, attentionFactor: 1 },
      windows: [undefined, undefined, undefined],
    });
  });

  it.each([
    ['attention_bias', { attention_bias: true }],
    ['lm_head_bias', { lm_head_bias: true }],
    ['rotary scaling "linear" of phi3', { rope_scaling: { type: 'linear', factor: 2 } }],
  ])('refuses %s by name', (message, changes) => {
    expect(() => parseConfig({ ...PHI3, ...changes }, 'config.json')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(message) }),
    );
  });
});

function swapped(...args: Parameters<NonNullable<Departures['qkv']>>) {
  const [w, normed, attention] = args;
  const [k, q, v] = cut(w.linear(`${attention}.qkv_proj`, normed, 64), 16, 32, 16);
  return [q!, k!, v!] as ReturnType<NonNullable<Departures['qkv']>>;
}
