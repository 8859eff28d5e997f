import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import {
  type Mechanism,
  PLANTED_AT,
  PLANTED_LAYERS,
  plantedPairs,
  plantModel,
} from '../testing/planted.js';
import { type PatchFindings, patch } from './patch.js';
import type { Place } from './places.js';

const root = mkdtempSync(join(tmpdir(), 'suture-patch-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function patched(mechanism: Mechanism, places?: Place[]): Promise<PatchFindings> {
  const dir = join(root, mechanism);
  plantModel(dir, mechanism);
  const model = await loadModel(dir, { threads: 2 });
  try {
    return await patch(model, plantedPairs(), {
      pairsPerBase: 1,
      randoms: 2,
      ...(places && { places }),
    });
  } finally {
    await model.close();
  }
}

const LAYERS = [...Array(PLANTED_LAYERS).keys()];
const acting = (layers: PatchFindings['stream']) =>
  layers.filter(({ beyondRandom }) => beyondRandom.p <= 0.05 && beyondRandom.value > 0.5);

describe('patching a model whose head of layer 2 carries the product', () => {
  let found: PatchFindings;
  beforeAll(async () => {
    found = await patched('written', ['changed', 'between', 'decision']);
  }, 60_000);
  const cell = (kind: string, layer: number, place: string) =>
    found.grid
      .find(({ patched }) => patched === kind)!
      .cells.find((one) => one.layer === layer && one.place === place)!;

  it('the stream at the decision acts from layer 2 on, and restores all of it', () => {
    expect(acting(found.stream).map(({ layer }) => layer)).toEqual(
      LAYERS.slice(PLANTED_AT.written),
    );
    for (const layer of LAYERS) {
      const whole = layer >= PLANTED_AT.written ? 1 : 0;
      expect(cell('stream', layer, 'decision').into.value).toBeCloseTo(whole, 3);
      expect(cell('stream', layer, 'decision').out.value).toBeCloseTo(whole, 3);
      expect(found.direction[layer]!.recovered.value).toBeCloseTo(whole, 2);
    }
  });

  it('one block is enough: attention of layer 2, chosen by every base; one head of it', () => {
    expect(found.oneBlock.chosen).toEqual([
      { layer: PLANTED_AT.written, part: 'attention', bases: 7 },
    ]);
    expect(found.oneBlock.value).toBeCloseTo(1, 3);
    const heads = found.heads.filter(({ recovered }) => recovered.value > 0.5);
    expect(heads).toHaveLength(1);
    expect(heads[0]).toMatchObject({ layer: PLANTED_AT.written, place: 'decision' });
    expect(heads[0]!.recovered.value).toBeCloseTo(1, 3);
  });

  it('heads are replaced at every place, and do nothing where the words are', () => {
    const elsewhere = found.heads.filter(({ place }) => place !== 'decision');
    expect(new Set(elsewhere.map(({ place }) => place))).toEqual(new Set(['changed', 'between']));
    for (const { recovered } of elsewhere) expect(Math.abs(recovered.value)).toBeLessThan(0.3);
  });

  it('before layer 2 it is where the words are', () => {
    // The product is made at the verb, by the MLP of layer 0.
    const before = ['changed', 'between'].map((place) => cell('stream', 1, place).into.value);
    expect(Math.max(...before)).toBeGreaterThan(0.4);
    expect(cell('stream', PLANTED_LAYERS - 1, 'changed').into.value).toBeCloseTo(0, 3);
  });

  it('random vectors of the same norm do next to nothing', () => {
    for (const { random } of [...found.stream, ...found.direction, ...found.ablation])
      expect(Math.abs(random.value)).toBeLessThan(0.25);
  });

  it('what is added at the decision is attributed to that block, and the parts add up', () => {
    const shares = found.attribution!;
    const own = shares.find(({ part }) => part === `blocks.${PLANTED_AT.written}.hook_attn_out`)!;
    expect(own.share.value).toBeCloseTo(1, 2);
    expect(shares.reduce((sum, { share }) => sum + share.value, 0)).toBeCloseTo(1, 2);
  });
});

describe('patching other mechanisms', () => {
  it('held back until the last layer, it acts there alone', async () => {
    const { stream, direction } = await patched('inert', ['decision']);
    expect(acting(stream).map(({ layer }) => layer)).toEqual([PLANTED_AT.last]);
    expect(acting(direction).map(({ layer }) => layer)).toEqual([PLANTED_AT.last]);
  });

  it('spread over five layers, no block is enough', async () => {
    const { oneBlock, total } = await patched('distributed', ['decision']);
    expect(total.p).toBeLessThan(0.05);
    expect(oneBlock.value).toBeLessThan(0.4);
  });

  it('where nothing is asked for, there is nothing to be moved', async () => {
    const { total } = await patched('absent', ['decision']);
    expect(Math.abs(total.value)).toBeLessThan(1e-3);
  });
});

describe('patching the organism', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel('organism', { threads: 2 });
  });
  afterAll(() => model.close());

  it('wants three bases', async () => {
    await expect(patch(model, plantedPairs().slice(0, 2))).rejects.toMatchObject({
      code: 'BAD_DATA',
    });
  });
});
