import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from './model.js';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/${name}/model`, import.meta.url));

describe.each(['llama_f32', 'gpt2_f32', 'phi3_longrope_bf16', 'llama_dynamicntk_bf16'])(
  'following sequences on %s',
  (name) => {
    let model: Model;
    afterAll(() => model.close());

    it('has the logits of whole passes, however they grow, fork and end', async () => {
      model = await loadModel(fixture(name), { threads: 1 });
      const { vocabSize } = model.config;
      const whole = async (ids: readonly number[]) =>
        (await model.forward([ids], { logits: 'last' })).logits.data;
      const step = fc.array(
        fc.record({ parent: fc.nat(9), token: fc.nat(vocabSize - 1), fresh: fc.boolean() }),
        { minLength: 1, maxLength: 4 },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
          const follower = model.follow();
          let sequences: number[][] = [];
          for (const row of steps) {
            sequences = row.map(({ parent, token, fresh }) =>
              fresh || sequences.length === 0
                ? [token, 7, parent].slice(0, 1 + (parent % 3))
                : [...sequences[parent % sequences.length]!, token],
            );
            const found = await follower.next(sequences);
            for (const [i, ids] of sequences.entries()) {
              const expected = await whole(ids);
              found[i]!.forEach((x, v) => {
                if (Math.abs(x - expected[v]!) > 1e-4) expect(x).toBeCloseTo(expected[v]!, 4);
              });
            }
          }
          await follower.free();
        }),
        { numRuns: 8 },
      );
      expect(await model.follow().next([])).toEqual([]);
    });
  },
);

it('computes anew where a sequence grows out of what short factors are for', async () => {
  const model = await loadModel(fixture('phi3_longrope_bf16'), { threads: 1 });
  const follower = model.follow();
  for (let length = 22; length < 28; length++) {
    const ids = Array.from({ length }, (_, i) => (7 * i) % 50);
    const [found] = await follower.next([ids]);
    const expected = (await model.forward([ids], { logits: 'last' })).logits.data;
    for (const [v, x] of expected.entries()) expect(found![v]!).toBeCloseTo(x, 4);
  }
  await model.close();
});

it('refuses what its model cannot take in', async () => {
  const model = await loadModel(fixture('gpt2_f32'), { threads: 1 });
  const follower = model.follow();
  await expect(follower.next([[]])).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  const long = Array<number>(model.config.maxPositions + 1).fill(1);
  await expect(follower.next([long])).rejects.toThrow('positions');
  await model.close();
});
