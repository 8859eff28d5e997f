import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config.js';
import { disagreement, type Oracle } from '../testing/compare.js';
import {
  add,
  attendAll,
  frequencies,
  geluTanh,
  join,
  map,
  type OracleWeights,
  pieces,
  type Rows,
  rotateHalves,
  rotateNeighbours,
} from '../testing/oracle.js';

const TINY = { vocab_size: 40, n_embd: 32, n_layer: 2, n_head: 4, n_positions: 20, rotary_dim: 4 };
const GPTJ = { model_type: 'gptj', ...TINY };
const CODEGEN = { model_type: 'codegen', ...TINY };

type Project = (w: OracleWeights, normed: Rows, attention: string) => [Rows, Rows, Rows];
type Rotate = (head: Rows, inverse: readonly number[]) => Rows;

/** GPT-J has three projections. */
const separate: Project = (w, normed, attention) => {
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((name) =>
    w.linear(`${attention}.${name}`, normed, normed[0]!.length),
  );
  return [q!, k!, v!];
};

/** CodeGen has one, in shares; each has a part of the queries, then of the values, then of the keys. */
const inShares =
  (count: number): Project =>
  (w, normed, attention) => {
    const d = normed[0]!.length;
    const shares = pieces(w.linear(`${attention}.qkv_proj`, normed, 3 * d), count);
    const at = (i: number) => join(shares.map((share) => pieces(share, 3)[i]!));
    return [at(0), at(2), at(1)];
  };

/** All queries, all keys, all values: what CodeGen's projection is not. */
const inOneFile: Project = (w, normed, attention) => {
  const [q, k, v] = pieces(w.linear(`${attention}.qkv_proj`, normed, 96), 3);
  return [q!, k!, v!];
};

/** `GPTJForCausalLM` and `CodeGenForCausalLM` of Hugging Face's modeling_gptj.py, modeling_codegen.py. */
const oracle =
  (
    project: Project,
    {
      d = 32,
      dMlp = 128,
      heads = 4,
      layers = 2,
      rotary = 4,
      rotate = rotateNeighbours as Rotate,
      tied = false,
    } = {},
  ): Oracle =>
  (w, ids) => {
    const bias = true;
    const inverse = frequencies(10000, rotary);
    const embedded = w.embedding('transformer.wte', ids, 40, d);
    let x = embedded;
    const blocks = Array.from({ length: layers }, (_, layer): Rows => {
      const h = `transformer.h.${layer}`;
      const normed = w.layerNorm(`${h}.ln_1`, x, 1e-5);
      const [q, k, v] = project(w, normed, `${h}.attn`).map((rows) => pieces(rows, heads));
      const rotated = (all: Rows[]) => all.map((head) => rotate(head, inverse));
      const z = attendAll(rotated(q!), rotated(k!), v!, { scale: Math.sqrt(heads / d) });
      const hidden = map(w.linear(`${h}.mlp.fc_in`, normed, dMlp, { bias }), geluTanh);
      const mlp = w.linear(`${h}.mlp.fc_out`, hidden, d, { bias });
      x = add(x, w.linear(`${h}.attn.out_proj`, z, d), mlp);
      return x;
    });
    const head = tied ? { weight: 'transformer.wte.weight' } : {};
    const final = w.layerNorm('transformer.ln_f', x, 1e-5);
    return { embedded, blocks, logits: w.linear('lm_head', final, 40, { bias, ...head }) };
  };

describe('GPT-J and CodeGen', () => {
  it.each<[string, typeof GPTJ & Record<string, unknown>, Oracle]>([
    ['GPT-J', GPTJ, oracle(separate)],
    // GPT-J never reads whether scores are to be scaled.
    [
      'GPT-J, rotated whole',
      { ...GPTJ, rotary_dim: 8, scale_attn_weights: false },
      oracle(separate, { rotary: 8 }),
    ],
    ['GPT-J, tied', { ...GPTJ, tie_word_embeddings: true }, oracle(separate, { tied: true })],
    ['CodeGen', CODEGEN, oracle(inShares(4))],
  ])('agree with their definition: %s', async (_, json, definition) => {
    expect(await disagreement(json, definition)).toBeLessThan(2e-5);
  });

  it.each<[string, typeof GPTJ, Oracle]>([
    ['another order', CODEGEN, oracle(inOneFile)],
    ['halves rotated', GPTJ, oracle(separate, { rotate: rotateHalves })],
  ])('do not agree with another one: %s', async (_, json, definition) => {
    expect(await disagreement(json, definition)).toBeGreaterThan(1e-3);
  });

  it('CodeGen2 has eight shares', async () => {
    const json = { ...CODEGEN, n_embd: 1024, n_head: 8, head_dim: 128, n_layer: 1, n_inner: 32 };
    const definition = oracle(inShares(8), { d: 1024, dMlp: 32, heads: 8, layers: 1 });
    expect(await disagreement(json, definition, 4)).toBeLessThan(2e-5);
  });

  it('have the defaults of their config classes', () => {
    const { n_positions, rotary_dim, ...rest } = { ...GPTJ, n_embd: 512 };
    expect(parseConfig(rest, 'config.json')).toMatchObject({
      maxPositions: 2048,
      tied: false,
      parallel: true,
      rope: { dim: 64, interleaved: true, theta: 10000, type: 'default' },
    });
  });

  it.each([
    ['UNSUPPORTED', 'rotary_dim null', { ...GPTJ, rotary_dim: null }],
    ['BAD_CONFIG', '3 of each head', { ...GPTJ, rotary_dim: 3 }],
    ['BAD_CONFIG', '16 of each head', { ...GPTJ, rotary_dim: 16 }],
    ['BAD_CONFIG', 'rotary_dim', { ...GPTJ, rotary_dim: 0 }],
    ['UNSUPPORTED', 'head_dim 8', { ...CODEGEN, head_dim: 8 }],
    ['BAD_CONFIG', 'attention heads (2) is not a multiple of 4', { ...CODEGEN, n_head: 2 }],
  ])('refuse with %s: %s', (code, message, json) => {
    expect(() => parseConfig(json, 'config.json')).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
