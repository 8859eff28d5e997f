import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relMax } from '../tensor/index.js';
import { loadModel, type Model } from './index.js';
import { fixture } from './testing/models.js';

const FIXTURES = readdirSync(fixture('')).filter((name) =>
  existsSync(fixture(`${name}/model/config.json`)),
);
const TOKENS = [41, 7, 200, 7, 93, 0, 12, 255, 31];

describe.each(FIXTURES)('the read-out of %s', (name) => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(fixture(`${name}/model`), { threads: 2 });
  });
  afterAll(() => model.close());

  it("of the last block's residual is the model's output", async () => {
    const hook = `blocks.${model.nLayers - 1}.hook_resid_post`;
    const { logits, cache } = await model.forward([TOKENS], { capture: [hook] });
    const targets = TOKENS.map((_, i) => [i, 255 - i, 17]);
    const read = await model.readOut(cache.get(hook)!.data, targets);
    const vocab = model.config.vocabSize;
    for (const [i, row] of targets.entries()) {
      const own = [...logits.data.subarray(i * vocab, (i + 1) * vocab)];
      const sum = own.reduce((total, x) => total + Math.exp(x), 0);
      const entropy = own.reduce(
        (total, x) => total - (Math.exp(x) / sum) * Math.log(Math.exp(x) / sum),
        0,
      );
      expect(
        relMax(
          read.logits.subarray(3 * i, 3 * i + 3),
          Float32Array.from(row, (id) => own[id]!),
        ),
      ).toBeLessThan(2e-5);
      expect(read.logSumExp[i]).toBeCloseTo(Math.log(sum), 4);
      expect(read.entropy[i]).toBeCloseTo(entropy, 3);
      expect([...read.ranks.subarray(3 * i, 3 * i + 3)]).toEqual(
        row.map((id) => own.filter((x) => x > own[id]!).length),
      );
    }
  });
});

describe('a translator', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(fixture('llama_f32/model'), { threads: 2 });
  });
  afterAll(() => model.close());

  it('is put before the norm: h + W h + b', async () => {
    const d = model.dModel;
    const wave = (n: number, seed: number) =>
      Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 3 * i) / 4);
    const h = wave(d, 1);
    const weight = wave(d * d, 2);
    const bias = wave(d, 3);
    const moved = h.map((x, i) => {
      let sum = x + bias[i]!;
      for (let j = 0; j < d; j++) sum += weight[i * d + j]! * h[j]!;
      return sum;
    });
    const targets = [[1, 2, 3, 4]];
    const { logits } = await model.readOut(h, targets, { weight, bias });
    expect(relMax(logits, (await model.readOut(moved, targets)).logits)).toBeLessThan(2e-5);
    expect(relMax(logits, (await model.readOut(h, targets)).logits)).toBeGreaterThan(1e-2);
  });

  it('and residuals of another width are refused, and tokens that there are not', async () => {
    const h = new Float32Array(model.dModel);
    const refused = { code: 'BAD_ARGUMENT' };
    await expect(model.readOut(h.subarray(1), [[1]])).rejects.toMatchObject(refused);
    await expect(model.readOut(h, [[260]])).rejects.toMatchObject(refused);
    await expect(model.readOut(h, [[]])).rejects.toMatchObject(refused);
    const short = { weight: new Float32Array(4), bias: new Float32Array(2) };
    await expect(model.readOut(h, [[1]], short)).rejects.toMatchObject(refused);
  });
});
