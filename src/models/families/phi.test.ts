import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement, type Oracle } from '../testing/compare.js';
import {
  add,
  attendAll,
  frequencies,
  geluTanh,
  map,
  pieces,
  type Rows,
  rotateHalves,
} from '../testing/oracle.js';

const TINY = {
  model_type: 'phi',
  vocab_size: 40,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 64,
};

/** `PhiForCausalLM` of Hugging Face's modular_phi.py. */
const oracle =
  ({
    kvHeads = 4,
    headNorms = false,
    inverse = frequencies(10000, 4),
    tied = false,
  } = {}): Oracle =>
  (w, ids) => {
    const bias = true;
    const embedded = w.embedding('model.embed_tokens', ids, 40, 32);
    let x = embedded;
    const blocks = [0, 1].map((layer): Rows => {
      const block = `model.layers.${layer}`;
      const normed = w.layerNorm(`${block}.input_layernorm`, x, 1e-5);
      const project = (name: string, heads: number) =>
        pieces(w.linear(`${block}.self_attn.${name}_proj`, normed, 8 * heads, { bias }), heads);
      const rotated = (name: string, heads: number) =>
        project(name, heads).map((head) => {
          const norm = `${block}.self_attn.${name}_layernorm`;
          return rotateHalves(headNorms ? w.layerNorm(norm, head, 1e-5) : head, inverse);
        });
      const [q, k, v] = [rotated('q', 4), rotated('k', kvHeads), project('v', kvHeads)];
      const z = attendAll(q, k, v, { scale: 1 / Math.sqrt(8) });
      const attention = w.linear(`${block}.self_attn.dense`, z, 32, { bias });
      const hidden = map(w.linear(`${block}.mlp.fc1`, normed, 64, { bias }), geluTanh);
      x = add(x, attention, w.linear(`${block}.mlp.fc2`, hidden, 32, { bias }));
      return x;
    });
    const head = tied ? { weight: 'model.embed_tokens.weight' } : {};
    const final = w.layerNorm('model.final_layernorm', x, 1e-5);
    return { embedded, blocks, logits: w.linear('lm_head', final, 40, { bias, ...head }) };
  };

describe('Phi', () => {
  it.each<[string, Record<string, unknown>, Oracle]>([
    ['as it is', {}, oracle()],
    ['fewer heads of keys and values', { num_key_value_heads: 2 }, oracle({ kvHeads: 2 })],
    ['heads normed', { qk_layernorm: true }, oracle({ headNorms: true })],
    [
      'another share and base of rotation',
      { partial_rotary_factor: 0.75, rope_theta: 700 },
      oracle({ inverse: frequencies(700, 6) }),
    ],
    [
      'the same in newer files',
      { rope_parameters: { rope_type: 'default', rope_theta: 700, partial_rotary_factor: 0.75 } },
      oracle({ inverse: frequencies(700, 6) }),
    ],
    ['tied', { tie_word_embeddings: true }, oracle({ tied: true })],
  ])('agrees with its definition: %s', async (_, changes, definition) => {
    expect(await disagreement({ ...TINY, ...changes }, definition)).toBeLessThan(2e-5);
  });

  it('does not agree with another one: rotated whole', async () => {
    const definition = oracle({ inverse: frequencies(10000, 8) });
    expect(await disagreement(TINY, definition)).toBeGreaterThan(1e-3);
  });

  it('has the defaults of its config class', () => {
    expect(parseConfig(TINY, 'config.json')).toMatchObject({
      normEpsilon: 1e-5,
      maxPositions: 2048,
      tied: false,
      parallel: true,
      rope: { dim: 4, interleaved: false, theta: 10000 },
    });
  });

  it('refuses a share of rotation that leaves no pairs', () => {
    expect(() => parseConfig({ ...TINY, partial_rotary_factor: 0.4 }, 'there/config.json')).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: expect.stringContaining("3 of each head's 8 values"),
      }),
    );
  });
});
