import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement, type Oracle } from '../testing/compare.js';
import { add, attendAll, columns, geluTanh, map, pieces, type Rows } from '../testing/oracle.js';

const TINY = {
  model_type: 'gpt_bigcode',
  vocab_size: 40,
  n_embd: 24,
  n_layer: 2,
  n_head: 3,
  n_positions: 20,
};

/** Queries, keys and values by head, from the fused projection. */
type Unfuse = (qkv: Rows) => [Rows[], Rows[], Rows[]];

/** With `multi_query`: three heads of queries, one key, one value. */
const multiQuery: Unfuse = (qkv) => [
  pieces(columns(qkv, 0, 24), 3),
  [columns(qkv, 24, 32)],
  [columns(qkv, 32, 40)],
];

/** Without: each head's query, key and value lie together. */
const multiHead: Unfuse = (qkv) => {
  const heads = pieces(qkv, 3).map((head) => pieces(head, 3));
  const [q, k, v] = [0, 1, 2].map((part) => heads.map((head) => head[part]!));
  return [q!, k!, v!];
};

/** As in GPT-2: all queries, all keys, all values. */
const gpt2Order: Unfuse = (qkv) => {
  const heads = pieces(qkv, 9);
  return [heads.slice(0, 3), heads.slice(3, 6), heads.slice(6)];
};

/** `GPTBigCodeForCausalLM` of Hugging Face's modeling_gpt_bigcode.py. */
const oracle =
  (unfuse: Unfuse, width: number, scale = 1 / Math.sqrt(8)): Oracle =>
  (w, ids) => {
    const bias = true;
    const words = w.embedding('transformer.wte', ids, 40, 24);
    const embedded = add(words, w.embedding('transformer.wpe', [...ids.keys()], 20, 24));
    let x = embedded;
    const blocks = [0, 1].map((layer): Rows => {
      const h = `transformer.h.${layer}`;
      const normed = w.layerNorm(`${h}.ln_1`, x, 1e-5);
      const [q, k, v] = unfuse(w.linear(`${h}.attn.c_attn`, normed, width, { bias }));
      x = add(x, w.linear(`${h}.attn.c_proj`, attendAll(q, k, v, { scale }), 24, { bias }));
      const hidden = w.linear(`${h}.mlp.c_fc`, w.layerNorm(`${h}.ln_2`, x, 1e-5), 96, { bias });
      x = add(x, w.linear(`${h}.mlp.c_proj`, map(hidden, geluTanh), 24, { bias }));
      return x;
    });
    const final = w.layerNorm('transformer.ln_f', x, 1e-5);
    const logits = w.linear('lm_head', final, 40, { weight: 'transformer.wte.weight' });
    return { embedded, blocks, logits };
  };

describe('GPT-BigCode', () => {
  it.each<[string, Record<string, unknown>, Oracle]>([
    ['one head of keys and values', {}, oracle(multiQuery, 40)],
    ['as many as queries', { multi_query: false }, oracle(multiHead, 72)],
    [
      'scores that are not scaled',
      { scale_attn_weights: false, attention_softmax_in_fp32: false },
      oracle(multiQuery, 40, 1),
    ],
  ])('agrees with its definition: %s', async (_, changes, definition) => {
    expect(await disagreement({ ...TINY, ...changes }, definition)).toBeLessThan(2e-5);
  });

  it('does not read the fused projection in the order of GPT-2', async () => {
    const error = await disagreement({ ...TINY, multi_query: false }, oracle(gpt2Order, 72));
    expect(error).toBeGreaterThan(1e-3);
  });

  it('keeps one head of keys and values', () => {
    expect(parseConfig(TINY, 'config.json')).toMatchObject({ nHeads: 3, nKvHeads: 1, tied: true });
  });

  it('refuses cross-attention by name', () => {
    expect(() => parseConfig({ ...TINY, add_cross_attention: true }, 'config.json')).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('add_cross_attention'),
      }),
    );
  });
});
