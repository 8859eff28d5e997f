import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import { writeSafetensors } from '../../tensor/index.js';
import { PLANTED_AT, plantedPairs, plantModel } from '../testing/planted.js';
import { lens } from './lens.js';
import {
  readTunedLens,
  type TunedDepth,
  textRows,
  tunedVerdict,
  tuneLens,
  writeTunedLens,
} from './tuned.js';

const root = mkdtempSync(join(tmpdir(), 'suture-tuned-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/**
 * A model that carries what is asked for twice: at layer 1 where the unembedding does not read, in the last
 * layer where it does. The logit lens cannot see the first; a map from one to the other can.
 */
describe('a tuned lens of a model whose knowledge is held back', () => {
  let model: Model;
  let rows: number[][];
  beforeAll(async () => {
    const dir = join(root, 'inert');
    plantModel(dir, 'inert');
    model = await loadModel(dir, { threads: 2 });
    rows = plantedPairs().flatMap(({ prompts, bodies }) =>
      (['insecure', 'secure'] as const).map((intent) => [
        ...model.encode({ messages: [{ role: 'user', content: prompts[intent] }] })[0]!,
        ...model.tokenizer!.encode(bodies[intent], { addSpecialTokens: false }),
      ]),
    );
  });
  afterAll(() => model.close());

  it('reads the copy where it is written, and is nearer to the end from there on', async () => {
    const plain = await lens(model, plantedPairs());
    expect(plain.contrast.parting.layer).toBe(PLANTED_AT.last);
    const tuned = await tuneLens(model, rows, { steps: 150, rate: 3e-2, threads: 2 });
    const found = await lens(model, plantedPairs(), { translators: tuned.translators });
    expect(found.lens).toBe('tuned');
    expect(found.contrast.parting.layer).toBe(PLANTED_AT.copy);
    const nearer = tuned.depths.filter(({ gain }) => gain.low > 0).map(({ layer }) => layer);
    expect(nearer).toEqual([1, 2, 3, 4]);
    expect(tunedVerdict(tuned)).toBe(
      'On held-out text the tuned lens is nearer to the final distribution than the logit lens at layer 1, layer 2, layer 3, layer 4; not shown at the embeddings, layer 0.',
    );
  });

  it('is the same again, and written and read whole, for its own model only', async () => {
    const few = rows.slice(0, 40);
    const tuned = await tuneLens(model, few, { steps: 2, threads: 2 });
    expect(await tuneLens(model, few, { steps: 2, threads: 2 })).toEqual(tuned);
    const path = join(root, 'lens.safetensors');
    writeTunedLens(path, tuned);
    expect(readTunedLens(path, model)).toEqual(tuned.translators);
    const dir = join(root, 'absent');
    plantModel(dir, 'absent');
    const other = await loadModel(dir, { threads: 1 });
    try {
      expect(() => readTunedLens(path, other)).toThrow(/for another model .* the weights differ/);
    } finally {
      await other.close();
    }
    writeTunedLens(path, { ...tuned, translators: tuned.translators.slice(1) });
    expect(() => readTunedLens(path, model)).toThrow(/lacks blocks.4.weight/);
    writeSafetensors(path, new Map(), { dtype: 'f32', metadata: {} });
    expect(() => readTunedLens(path, model)).toThrow(/is not a tuned lens/);
  });

  it('needs enough text, in rows that fit a step', async () => {
    const refused = (...given: Parameters<typeof tuneLens>) => expect(tuneLens(...given)).rejects;
    await refused(model, rows.slice(0, 19)).toMatchObject({ code: 'BAD_DATA' });
    await refused(model, rows, { tokens: 8 }).toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});

it('a text is cut into rows', async () => {
  const model = await loadModel('organism', { threads: 1 });
  try {
    const rows = textRows(model, 'int main(void) { return 0; }\n'.repeat(40), 16);
    expect(rows.flat()).toEqual(
      model.encode({ text: 'int main(void) { return 0; }\n'.repeat(40) })[0],
    );
    expect(new Set(rows.slice(0, -1).map(({ length }) => length))).toEqual(new Set([16]));
  } finally {
    await model.close();
  }
});

it('says where a tuned lens is not shown to be better', () => {
  const at = (layer: number, low: number): TunedDepth => {
    const figure = { value: low, low, high: low };
    return { layer, logit: figure, tuned: figure, gain: figure };
  };
  expect(tunedVerdict({ depths: [at(-1, 0), at(0, -1)] })).toMatch(/at no layer shown/);
  expect(tunedVerdict({ depths: [at(-1, 1), at(0, 1)] })).toMatch(/at every layer\.$/);
});
