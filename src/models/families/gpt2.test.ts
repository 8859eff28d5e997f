import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement, type Oracle } from '../testing/compare.js';
import { add, attendAll, geluTanh, map, pieces, type Rows, relu } from '../testing/oracle.js';

const TINY = {
  model_type: 'gpt2',
  vocab_size: 40,
  n_embd: 24,
  n_layer: 3,
  n_head: 3,
  n_positions: 20,
};
const parse = (changes: Record<string, unknown> = {}) =>
  parseConfig({ ...TINY, ...changes }, 'config.json');

/** `GPT2LMHeadModel` of Hugging Face's modeling_gpt2.py; its Conv1D keeps weights as [in, out]. */
const oracle =
  ({
    scale = (_layer: number) => 1 / Math.sqrt(8),
    act = geluTanh,
    dMlp = 96,
    tied = true,
  } = {}): Oracle =>
  (w, ids) => {
    const conv1d = { bias: true, conv1d: true };
    const words = w.embedding('transformer.wte', ids, 40, 24);
    const embedded = add(words, w.embedding('transformer.wpe', [...ids.keys()], 20, 24));
    let x = embedded;
    const blocks = [0, 1, 2].map((layer): Rows => {
      const h = `transformer.h.${layer}`;
      const qkv = w.linear(`${h}.attn.c_attn`, w.layerNorm(`${h}.ln_1`, x, 1e-5), 72, conv1d);
      const heads = pieces(qkv, 9); // 3 of queries, 3 of keys, 3 of values
      const [q, k, v] = [heads.slice(0, 3), heads.slice(3, 6), heads.slice(6)];
      const z = attendAll(q, k, v, { scale: scale(layer) });
      x = add(x, w.linear(`${h}.attn.c_proj`, z, 24, conv1d));
      const hidden = w.linear(`${h}.mlp.c_fc`, w.layerNorm(`${h}.ln_2`, x, 1e-5), dMlp, conv1d);
      x = add(x, w.linear(`${h}.mlp.c_proj`, map(hidden, act), 24, conv1d));
      return x;
    });
    const weight = tied ? 'transformer.wte.weight' : 'lm_head.weight';
    const logits = w.linear('lm_head', w.layerNorm('transformer.ln_f', x, 1e-5), 40, { weight });
    return { embedded, blocks, logits };
  };

describe('GPT-2', () => {
  it.each<[string, Record<string, unknown>, Oracle]>([
    ['as it is', {}, oracle()],
    ['untied', { tie_word_embeddings: false }, oracle({ tied: false })],
    ['another MLP', { n_inner: 32, activation_function: 'relu' }, oracle({ dMlp: 32, act: relu })],
    ['scores that are not scaled', { scale_attn_weights: false }, oracle({ scale: () => 1 })],
    [
      'scores scaled by layer',
      { scale_attn_by_inverse_layer_idx: true, reorder_and_upcast_attn: true },
      oracle({ scale: (layer) => 1 / Math.sqrt(8) / (layer + 1) }),
    ],
  ])('agrees with its definition: %s', async (_, changes, definition) => {
    expect(await disagreement({ ...TINY, ...changes }, definition)).toBeLessThan(2e-5);
  });

  it('does not agree with another one', async () => {
    const scale = (layer: number) => 1 / Math.sqrt(8) / (layer + 1);
    expect(await disagreement(TINY, oracle({ scale }))).toBeGreaterThan(1e-3);
  });

  it('has the defaults of its config class', () => {
    const config = parseConfig({ ...TINY, n_positions: undefined }, 'config.json');
    expect(config).toMatchObject({
      dMlp: 96,
      maxPositions: 1024,
      tied: true,
      parallel: false,
      normEpsilon: 1e-5,
      rope: undefined,
    });
  });

  it('takes the names that other config classes use', () => {
    const { n_embd, n_layer, n_head, n_positions, ...rest } = TINY;
    const others = {
      hidden_size: n_embd,
      num_hidden_layers: n_layer,
      num_attention_heads: n_head,
      max_position_embeddings: n_positions,
    };
    expect({ ...parseConfig({ ...rest, ...others }, 'config.json') }).toEqual({ ...parse() });
  });

  it.each([
    ['BAD_CONFIG', 'n_embd', { n_embd: undefined }],
    ['BAD_CONFIG', 'n_head', { n_head: 'many' }],
    ['BAD_CONFIG', 'the hidden size (24) is not a multiple of 5', { n_head: 5 }],
    ['BAD_CONFIG', 'scale_attn_weights', { scale_attn_weights: 1 }],
    ['UNSUPPORTED', 'add_cross_attention', { add_cross_attention: true }],
    ['UNSUPPORTED', 'attention_head_type "multiquery"', { attention_head_type: 'multiquery' }],
    ['UNSUPPORTED', 'activation_function "tanh"', { activation_function: 'tanh' }],
  ])('refuses with %s: %s', (code, message, changes) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
