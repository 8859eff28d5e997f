import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relMax } from '../tensor/index.js';
import { type Intervention, loadModel, type Model } from './index.js';
import { fixture } from './testing/models.js';

/** Edits that pass as text is generated, and additions that keep the norm. */
describe('an edit that passes', () => {
  const HOOK = 'blocks.1.hook_resid_post';
  const PROMPT = [41, 7, 200, 7, 93];
  const OPTIONS = { maxNewTokens: 12, eosIds: [] };
  let model: Model;
  let vector: Float32Array;
  beforeAll(async () => {
    model = await loadModel(fixture('llama_f32/model'), { threads: 2 });
    vector = Float32Array.from({ length: model.dModel }, (_, i) => 2 * Math.sin(1 + 3 * i));
  });
  afterAll(() => model.close());

  const edit = (more: Partial<Extract<Intervention, { op: 'add' }>> = {}): Intervention => ({
    hook: HOOK,
    op: 'add',
    vector,
    positions: 'last_prompt_and_generated',
    ...more,
  });
  const generate = async (interventions: Intervention[]) => {
    const { samples } = await model.generate({ tokens: [PROMPT] }, { ...OPTIONS, interventions });
    return samples[0]!;
  };

  it('halves its strength as told: each token is that of a whole pass with the shares written out', async () => {
    const halfLife = 2.5;
    const { tokens } = await generate([edit({ halfLife })]);
    for (let n = 0; n < tokens.length; n++) {
      const ids = [...PROMPT, ...tokens.slice(0, n)];
      const interventions = Array.from({ length: n + 1 }, (_, k) =>
        edit({ scale: 0.5 ** (k / halfLife), positions: [PROMPT.length - 1 + k] }),
      );
      const { logits } = await model.forward([ids], { interventions, logits: 'last' });
      expect(logits.data.indexOf(Math.max(...logits.data))).toBe(tokens[n]);
    }
    expect(tokens).not.toEqual((await generate([edit()])).tokens);
  });

  it('ends with the token that completes a text', async () => {
    const always = await generate([edit()]);
    for (const n of [1, 4]) {
      // Tokens of this model are bytes, so that the first n of them are a text that ends there.
      const end = model.tokenizer!.decode(always.tokens.slice(0, n));
      const { tokens } = await generate([edit({ until: ['never written', end] })]);
      expect(tokens.slice(0, n)).toEqual(always.tokens.slice(0, n));
      for (let i = n; i < tokens.length; i++) {
        const ids = [...PROMPT, ...tokens.slice(0, i)];
        const positions = Array.from({ length: n }, (_, k) => PROMPT.length - 1 + k);
        const { logits } = await model.forward([ids], {
          interventions: [edit({ positions })],
          logits: 'last',
        });
        expect(logits.data.indexOf(Math.max(...logits.data))).toBe(tokens[i]);
      }
    }
  });

  it('ends for each sample by its own text', async () => {
    const sampled = { ...OPTIONS, temperature: 1, n: 3, seed: 5 };
    const always = await model.generate(
      { tokens: [PROMPT] },
      { ...sampled, interventions: [edit()] },
    );
    const end = model.tokenizer!.decode(always.samples[1]!.tokens.slice(0, 2));
    const { samples } = await model.generate(
      { tokens: [PROMPT] },
      { ...sampled, interventions: [edit({ until: [end] })] },
    );
    const same = samples.map(
      ({ tokens }, i) => String(tokens) === String(always.samples[i]!.tokens),
    );
    expect(same).toEqual([true, false, true]);
  });

  it('keeps the norm where it is asked to, and nothing else where it does not act', async () => {
    const run = async (interventions: Intervention[]) => {
      const { cache } = await model.forward([PROMPT], { interventions, capture: [HOOK] });
      return cache.get(HOOK)!.data;
    };
    const plain = await run([]);
    const turned = await run([edit({ keepNorm: true, positions: [2] })]);
    const d = model.dModel;
    for (let j = 0; j < PROMPT.length; j++) {
      const h = plain.subarray(j * d, (j + 1) * d);
      const sum = h.map((x, i) => x + vector[i]!);
      const ratio = Math.hypot(...h) / Math.hypot(...sum);
      const want = j === 2 ? sum.map((x) => x * ratio) : h;
      const got = turned.subarray(j * d, (j + 1) * d);
      if (j === 2) expect(relMax(got, want)).toBeLessThan(1e-6);
      else expect(got).toEqual(want);
    }
  });

  it.each([
    [{ halfLife: 0 }, 'halfLife must be a number of tokens above 0'],
    [{ until: [] }, '"until" needs texts'],
    [{ until: [''] }, '"until" needs texts'],
  ])('refuses %j', async (more, message) => {
    await expect(generate([edit(more)])).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });
});
