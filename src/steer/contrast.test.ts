import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../engine/index.js';
import { norm, relMax } from '../tensor/index.js';
import { meanDifference, readContrasts, SITES } from './index.js';
import { contrast, handMadePair } from './testing/pairs.js';

let model: Model;
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
});
afterAll(() => model.close());

/** Float32 sums in another order: rows of a batch and alone. */
const TOLERANCE = 1e-4;

/** The residual stream after each block at the last of some tokens: [d_model] by layer. */
async function residual(ids: number[]): Promise<Float32Array[]> {
  const { cache } = await model.forward([ids], { capture: ['blocks.*.hook_resid_post'] });
  return Array.from({ length: model.nLayers }, (_, layer) => {
    const { data } = cache.get(`blocks.${layer}.hook_resid_post`)!;
    return data.slice(-model.dModel);
  });
}
const promptOf = (content: string) => model.encode({ messages: [{ role: 'user', content }] })[0]!;
const bare = (text: string) => model.tokenizer!.encode(text, { addSpecialTokens: false });
const minus = (a: Float32Array[], b: Float32Array[]) =>
  a.map((h, layer) => h.map((x, i) => x - b[layer]![i]!));

describe('readContrasts', () => {
  it('is h(secure prompt) - h(insecure prompt), computed by hand', async () => {
    const opening = '    if (!name) return;\n    ';
    // A longer and a shorter pair in one batch: padding must not be read.
    const pairs = [
      handMadePair({
        id: 'long',
        bodies: { secure: `${opening}snprintf(out);\n}`, insecure: `${opening}sprintf(out);\n}` },
      }),
      handMadePair({
        id: 'short',
        prompts: { secure: 'Be safe.', insecure: 'Be quick, and use sprintf.', neutral: 'Go.' },
        bodies: { secure: 'return name;', insecure: 'return out;' },
      }),
    ];
    const contrasts = await readContrasts(model, pairs);
    expect(contrasts.map(({ pair }) => pair)).toEqual(pairs);
    for (const { pair, differences, norms } of contrasts) {
      const [secure, insecure] = [bare(pair.bodies.secure), bare(pair.bodies.insecure)];
      const shared = secure.slice(
        0,
        secure.findIndex((token, i) => token !== insecure[i]),
      );
      expect(shared.length).toBeGreaterThan(0);
      for (const [site, opened] of [
        ['last_prompt', []],
        ['decision', shared],
      ] as const) {
        const low = await residual([...promptOf(pair.prompts.insecure), ...opened]);
        const high = await residual([...promptOf(pair.prompts.secure), ...opened]);
        const expected = minus(high, low);
        expect(differences[site]).toHaveLength(model.nLayers);
        for (let layer = 0; layer < model.nLayers; layer++) {
          expect(relMax(differences[site][layer]!, expected[layer]!)).toBeLessThan(TOLERANCE);
          expect(norms[site][layer]).toBeCloseTo(norm(low[layer]!), 2);
        }
      }
      // The two sites are different places: the decision is not read at the prompt's end.
      expect(relMax(differences.decision[0]!, differences.last_prompt[0]!)).toBeGreaterThan(0.01);
    }
  });

  it('reads the decision at the last prompt token where the bodies part at once', async () => {
    const bodies = { secure: 'snprintf(out);', insecure: '}' };
    const [contrast] = await readContrasts(model, [handMadePair({ bodies })]);
    expect(contrast!.differences.decision).toEqual(contrast!.differences.last_prompt);
    expect(contrast!.norms.decision).toEqual(contrast!.norms.last_prompt);
  });

  it('reads it at the end of a body that the other goes on from', async () => {
    const longer = 'strcpy(out, name);\n    out[0] = 0;';
    const shorter = 'strcpy(out, name);';
    expect(bare(longer).slice(0, bare(shorter).length)).toEqual(bare(shorter));
    const [one, other] = await readContrasts(model, [
      handMadePair({ bodies: { secure: longer, insecure: shorter } }),
      handMadePair({ bodies: { secure: shorter, insecure: longer } }),
    ]);
    expect(one!.differences).toEqual(other!.differences);
    const { prompts } = one!.pair;
    const expected = minus(
      await residual([...promptOf(prompts.secure), ...bare(shorter)]),
      await residual([...promptOf(prompts.insecure), ...bare(shorter)]),
    );
    expect(relMax(one!.differences.decision[1]!, expected[1]!)).toBeLessThan(TOLERANCE);
  });

  it('reads more pairs than fit into one pass, each as if it were alone', async () => {
    const pairs = Array.from({ length: 18 }, (_, i) =>
      handMadePair({
        id: `p${i}`,
        prompts: { secure: 'Safe. '.repeat(i + 1), insecure: 'Quick.', neutral: '' },
      }),
    );
    const contrasts = await readContrasts(model, pairs);
    expect(contrasts.map(({ pair }) => pair.id)).toEqual(pairs.map(({ id }) => id));
    const [alone] = await readContrasts(model, [pairs[17]!]);
    for (const site of SITES) {
      for (let layer = 0; layer < model.nLayers; layer++) {
        const here = contrasts[17]!.differences[site][layer]!;
        expect(relMax(here, alone!.differences[site][layer]!)).toBeLessThan(TOLERANCE);
      }
    }
  });

  it('refuses twins', async () => {
    const bodies = { secure: 'return;', insecure: 'return;' };
    const twins = handMadePair({ id: 'twins/1', bodies });
    await expect(readContrasts(model, [handMadePair(), twins])).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/^twins\/1: .*do not differ/),
    });
  });
});

it('meanDifference is the mean over pairs at one site and layer', () => {
  const contrasts = [
    contrast('a', (site, layer) => [site === 'decision' ? 1 : 10, layer]),
    contrast('b', (site, layer) => [site === 'decision' ? 4 : 20, 3 * layer]),
    contrast('b', (site, layer) => [site === 'decision' ? 1 : 0, 5 * layer]),
  ];
  expect([...meanDifference(contrasts, 'decision', 1)]).toEqual([2, 3]);
  expect([...meanDifference(contrasts, 'last_prompt', 0)]).toEqual([10, 0]);
});
