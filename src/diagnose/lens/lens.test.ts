import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import { PLANTED_AT, plantedPairs, plantModel } from '../testing/planted.js';
import { lensContrast, lensCurve, parting } from './analyse.js';
import { lens } from './lens.js';
import { decisionOf, type LensPair, type Reading, readLens } from './read.js';
import { lensVerdict } from './verdict.js';

const BASES = ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd'];
const last = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 });

describe('where two continuations part', () => {
  it('is the first layer from which the mean keeps its last sign', () => {
    // Depths: embeddings, layers 0 to 3. The sign changes for good after layer 1.
    const rows = BASES.map((_, i) => [1, 2, -1, -2 - i / 10, -3]);
    expect(parting(rows, BASES, last(-3), 0)).toEqual({
      layer: 1,
      interval: { low: 1, high: 1 },
      ahead: 'insecure',
    });
  });

  it('has an interval where bases disagree', () => {
    const early = [0, 1, 1, 1, 1];
    const late = [0, -1.2, -1.2, 1, 1];
    const rows = BASES.map((base) => (base < 'c' ? early : late));
    const { layer, interval, ahead } = parting(rows, BASES, last(1), 0);
    expect({ layer, ahead }).toEqual({ layer: 2, ahead: 'secure' });
    expect(interval).toEqual({ low: 0, high: 2 });
  });

  it('is nowhere where the last difference may be 0', () => {
    const rows = BASES.map(() => [0, 0, 0.05]);
    expect(parting(rows, BASES, last(0.05), 0).layer).toBeUndefined();
  });
});

describe('curves of readings made by hand', () => {
  const reading = (secureLogit: number, controlDifference = 0): Reading => ({
    secureLogit,
    insecureLogit: 1,
    secureLogProb: -1,
    insecureLogProb: -3,
    secureRank: 4,
    insecureRank: 0,
    secureProbability: 0.25,
    insecureProbability: 0.5,
    controlDifference,
    entropy: 0.7,
  });
  const bases = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

  it('have means, medians and geometric means', () => {
    const rows = bases.map((_, i) => [reading(i), reading(9)]);
    const { depths } = lensCurve(rows, bases, 0);
    expect(depths[0]).toMatchObject({ layer: -1, entropy: expect.closeTo(0.7) });
    expect(depths[0]!.difference.value).toBeCloseTo(2);
    expect(depths[0]!.whole.value).toBeCloseTo(2);
    expect(depths[1]!.secure).toEqual({ probability: expect.closeTo(0.25), rank: 4 });
  });

  it('contrast: what moves unrelated tokens as much is not shown', () => {
    const rows = (secure: number, control: number) =>
      bases.map((_, i) => [reading(0), reading(secure + i / 10, control + i / 10)]);
    const shown = lensContrast(rows(5, 0), rows(1, 0), bases, 0);
    expect(shown.depths.map(({ p }) => p)).toEqual([1, 2 ** -6]);
    expect(shown.parting).toMatchObject({ layer: 0, ahead: 'secure' });
    const moved = lensContrast(rows(5, 4), rows(1, 0), bases, 0);
    expect(moved.depths[1]!.p).toBe(1);
  });
});

/** Two pairs for each base. */
const handMade = (count: number): LensPair[] =>
  Array.from({ length: 2 * count }, (_, i) => {
    const base = `base ${i >> 1}`;
    const prompt = (call: string) => `Use ${call} to write name into out. Form ${i}, ${base}.`;
    return {
      id: `${base}/${i}`,
      base,
      prompts: { insecure: prompt('sprintf'), secure: prompt('snprintf') },
      bodies: {
        insecure: `sprintf(out, "${base} %s", name);`,
        secure: `snprintf(out, cap, "${base} %s", name);`,
      },
    };
  });

describe('the lens on planted models', () => {
  const root = mkdtempSync(join(tmpdir(), 'suture-lens-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each([
    ['written', PLANTED_AT.written],
    ['inert', PLANTED_AT.last],
    ['absent', undefined],
  ] as const)('%s: what is asked for parts the continuations at layer %s', async (kind, layer) => {
    const dir = join(root, kind);
    plantModel(dir, kind);
    const model = await loadModel(dir, { threads: 2 });
    try {
      const { contrast } = await lens(model, plantedPairs());
      expect(contrast.parting.layer).toBe(layer);
      const shown = contrast.depths.filter(({ difference, p }) => difference.low > 0 && p <= 0.05);
      expect(shown[0]?.layer).toBe(layer);
    } finally {
      await model.close();
    }
  });
});

describe('the lens on the organism', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel('organism', { threads: 2 });
  });
  afterAll(() => model.close());

  it("at the last layer says what the model does: logits, and the whole part's log-probability", async () => {
    const decision = decisionOf(model, {
      secure: 'snprintf(out, cap, "%s", name);',
      insecure: 'sprintf(out, "%s", name);',
    })!;
    const prompt = model.encode({ messages: [{ role: 'user', content: 'Task: write name.' }] })[0]!;
    const [depths] = await readLens(model, [{ prompt, decision, control: [5, 6] }]);
    const own = depths!.at(-1)!;
    for (const side of ['secure', 'insecure'] as const) {
      const ids = [...prompt, ...decision.opening, ...decision[side]];
      const { logits } = await model.forward([ids]);
      const vocab = model.config.vocabSize;
      const at = (position: number) =>
        logits.data.subarray(position * vocab, (position + 1) * vocab);
      const start = prompt.length + decision.opening.length;
      let whole = 0;
      for (let i = start; i < ids.length; i++) {
        const row = at(i - 1);
        const sum = row.reduce((total, x) => total + Math.exp(x), 0);
        whole += row[ids[i]!]! - Math.log(sum);
      }
      expect(own[`${side}LogProb`]).toBeCloseTo(whole, 3);
      expect(own[`${side}Logit`]).toBeCloseTo(at(start - 1)[decision[side][0]!]!, 3);
    }
    expect(depths).toHaveLength(model.nLayers + 1);
  });

  it('leaves out, by rule, bodies that do not part, and wants three bases', async () => {
    expect(
      decisionOf(model, { secure: 'free(p);\np = NULL;', insecure: 'free(p);' }),
    ).toBeUndefined();
    await expect(lens(model, handMade(2))).rejects.toMatchObject({ code: 'BAD_DATA' });
  });

  it('says in words what it shows', async () => {
    const findings = await lens(model, handMade(4));
    expect(findings).toMatchObject({ lens: 'logit', bases: 4, pairs: 8 });
    const words = lensVerdict(findings);
    expect(words[0]).toMatch(/^Under insecure prompts the /);
    expect(words.at(-1)).toMatch(/^What the prompt asks for /);
  });
});
