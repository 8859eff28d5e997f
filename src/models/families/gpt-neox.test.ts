import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement, type Oracle } from '../testing/compare.js';
import {
  add,
  attendAll,
  frequencies,
  gelu,
  geluTanh,
  map,
  pieces,
  type Rows,
  rotateHalves,
} from '../testing/oracle.js';

const TINY = {
  model_type: 'gpt_neox',
  vocab_size: 40,
  hidden_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 64,
};
const parse = (changes: Record<string, unknown> = {}) =>
  parseConfig({ ...TINY, ...changes }, 'config.json');

/** `GPTNeoXForCausalLM` of Hugging Face's modeling_gpt_neox.py. */
const oracle =
  ({
    parallel = true,
    bias = true,
    inverse = frequencies(10000, 4),
    act = gelu,
    tied = false,
  } = {}): Oracle =>
  (w, ids) => {
    const embedded = w.embedding('gpt_neox.embed_in', ids, 40, 48);
    let x = embedded;
    const blocks = [0, 1].map((layer): Rows => {
      const block = `gpt_neox.layers.${layer}`;
      const normed = w.layerNorm(`${block}.input_layernorm`, x, 1e-5);
      const fused = w.linear(`${block}.attention.query_key_value`, normed, 144, { bias });
      const heads = pieces(fused, 3).map((head) => pieces(head, 3)); // by head: query, key, value
      const [q, k, v] = [0, 1, 2].map((part) => heads.map((head) => head[part]!));
      const rotated = (all: Rows[]) => all.map((head) => rotateHalves(head, inverse));
      const z = attendAll(rotated(q!), rotated(k!), v!, { scale: 1 / 4 });
      const middle = add(x, w.linear(`${block}.attention.dense`, z, 48, { bias }));
      const before = parallel ? x : middle;
      const second = w.layerNorm(`${block}.post_attention_layernorm`, before, 1e-5);
      const hidden = w.linear(`${block}.mlp.dense_h_to_4h`, second, 64, { bias: true });
      x = add(middle, w.linear(`${block}.mlp.dense_4h_to_h`, map(hidden, act), 48, { bias: true }));
      return x;
    });
    const head = tied ? { weight: 'gpt_neox.embed_in.weight' } : {};
    const final = w.layerNorm('gpt_neox.final_layer_norm', x, 1e-5);
    return { embedded, blocks, logits: w.linear('embed_out', final, 40, head) };
  };

describe('GPT-NeoX', () => {
  it.each<[string, Record<string, unknown>, Oracle]>([
    ['parallel', {}, oracle()],
    ['one branch after the other', { use_parallel_residual: false }, oracle({ parallel: false })],
    [
      'rotated whole, on another base',
      { rotary_pct: 1, rotary_emb_base: 500 },
      oracle({ inverse: frequencies(500, 16) }),
    ],
    [
      'the same in newer files',
      { rope_parameters: { rope_type: 'default', rope_theta: 500, partial_rotary_factor: 1 } },
      oracle({ inverse: frequencies(500, 16) }),
    ],
    [
      'positions stretched',
      { rope_scaling: { type: 'linear', factor: 4 } },
      oracle({ inverse: frequencies(10000, 4).map((frequency) => frequency / 4) }),
    ],
    ['no biases in attention', { attention_bias: false }, oracle({ bias: false })],
    [
      'tied, another activation',
      { tie_word_embeddings: true, hidden_act: 'gelu_fast' },
      oracle({ tied: true, act: geluTanh }),
    ],
  ])('agrees with its definition: %s', async (_, changes, definition) => {
    expect(await disagreement({ ...TINY, ...changes }, definition)).toBeLessThan(2e-5);
  });

  it.each<[string, Oracle]>([
    ['one branch after the other', oracle({ parallel: false })],
    ['rotated whole', oracle({ inverse: frequencies(10000, 16) })],
    ['another kind of GELU', oracle({ act: geluTanh })],
  ])('does not agree with another one: %s', async (_, definition) => {
    expect(await disagreement(TINY, definition)).toBeGreaterThan(1e-4);
  });

  it('has the defaults of its config class', () => {
    expect(parse()).toMatchObject({
      normEpsilon: 1e-5,
      maxPositions: 2048,
      tied: false,
      parallel: true,
      rope: { dim: 4, interleaved: false, theta: 10000 },
    });
  });

  it.each([
    ['rotary_pct', { rotary_pct: 'a quarter' }],
    ['3 of each head', { rotary_pct: 0.2 }],
    ['use_parallel_residual', { use_parallel_residual: 'yes' }],
    ['hidden_size', { hidden_size: 0 }],
  ])('refuses a wrong %s', (message, changes) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(message) }),
    );
  });
});
