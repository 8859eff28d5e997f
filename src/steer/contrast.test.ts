import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../engine/index.js';
import { meanOf, relMax } from '../tensor/index.js';
import { changedTokens } from '../text/index.js';
import { readContrasts, SITES } from './index.js';
import { handMadePair } from './testing/pairs.js';

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

describe('readContrasts', () => {
  it('is the stream after each block, computed by hand', async () => {
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
    for (const one of contrasts) {
      const { pair } = one;
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
        expect(one.secure[site]).toHaveLength(model.nLayers);
        for (let layer = 0; layer < model.nLayers; layer++) {
          expect(relMax(one.insecure[site][layer]!, low[layer]!)).toBeLessThan(TOLERANCE);
          expect(relMax(one.secure[site][layer]!, high[layer]!)).toBeLessThan(TOLERANCE);
        }
      }
      // The two sites are different places: the decision is not read at the prompt's end.
      expect(relMax(one.secure.decision[0]!, one.secure.last_prompt[0]!)).toBeGreaterThan(0.01);
    }
  });

  it('reads the decision at the last prompt token where the bodies part at once', async () => {
    const bodies = { secure: 'snprintf(out);', insecure: '}' };
    const [contrast] = await readContrasts(model, [handMadePair({ bodies })]);
    for (const intent of ['secure', 'insecure', 'neutral'] as const)
      expect(contrast![intent].decision).toEqual(contrast![intent].last_prompt);
  });

  it('reads means over the tokens in which the twins differ, and over all but the first', async () => {
    const prompts = {
      secure: 'fill gets and name',
      insecure: 'fill puts and size',
      neutral: 'fill',
    };
    const [one] = await readContrasts(model, [handMadePair({ prompts })]);
    const [own, twin] = [promptOf(prompts.secure), promptOf(prompts.insecure)];
    const differ = changedTokens(own, twin).a;
    expect(differ.length).toBeGreaterThan(1);
    expect(differ.length).toBeLessThan(own.length - 2);
    const { cache } = await model.forward([own], { capture: ['blocks.2.hook_resid_post'] });
    const { data } = cache.get('blocks.2.hook_resid_post')!;
    const d = model.dModel;
    const at = (position: number) => data.subarray(position * d, (position + 1) * d);
    const all = [...own.keys()].slice(1);
    expect(relMax(one!.secure.changed[2]!, meanOf(differ.map(at)))).toBeLessThan(TOLERANCE);
    expect(relMax(one!.secure.mean[2]!, meanOf(all.map(at)))).toBeLessThan(TOLERANCE);
  });

  it('reads it at the end of a body that the other goes on from', async () => {
    const longer = 'strcpy(out, name);\n    out[0] = 0;';
    const shorter = 'strcpy(out, name);';
    expect(bare(longer).slice(0, bare(shorter).length)).toEqual(bare(shorter));
    const [one, other] = await readContrasts(model, [
      handMadePair({ bodies: { secure: longer, insecure: shorter } }),
      handMadePair({ bodies: { secure: shorter, insecure: longer } }),
    ]);
    expect(one!.secure).toEqual(other!.secure);
    expect(one!.insecure).toEqual(other!.insecure);
    const { prompts } = one!.pair;
    const expected = await residual([...promptOf(prompts.secure), ...bare(shorter)]);
    expect(relMax(one!.secure.decision[1]!, expected[1]!)).toBeLessThan(TOLERANCE);
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
        const here = contrasts[17]!.secure[site][layer]!;
        expect(relMax(here, alone!.secure[site][layer]!)).toBeLessThan(TOLERANCE);
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
