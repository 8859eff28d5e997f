import { describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import { analyse, type ProbeInputs } from './analyse.js';
import type { Labelled } from './crossvalidate.js';
import { probeVerdict } from './verdict.js';

const GROUPS = 7;
const PAIRS = 6; // of each group
const D = 24;
const LAYERS = 4;

const data: Labelled = (() => {
  const rows = Array.from({ length: 2 * GROUPS * PAIRS }, (_, row) => row);
  return {
    vulnerable: rows.map((row) => row % 2 === 0),
    pairs: rows.map((row) => row >> 1),
    groups: rows.map((row) => `base ${Math.floor(row / (2 * PAIRS))}`),
  };
})();
const n = data.vulnerable.length;
const sign = (row: number) => (data.vulnerable[row] ? 1 : -1);

/** Noise, to which a feature is added: [n, d]. */
function rowsOf(name: string, d: number, feature: (row: number, column: number) => number) {
  const random = new Random('planted', name);
  return Float32Array.from({ length: n * d }, (_, at) => {
    return random.normal() + feature(Math.floor(at / d), at % d);
  });
}

/** `strength(layer)`: how strongly a layer carries the label along one column. */
function inputs(
  strength: (layer: number) => number,
  lexical: { bag: number; embeddings: number },
): ProbeInputs {
  const along = (factor: number) => (row: number, column: number) =>
    column === 0 ? factor * sign(row) : 0;
  return {
    layers: Array.from({ length: LAYERS }, (_, layer) =>
      rowsOf(`layer ${layer}`, D, along(strength(layer))),
    ),
    bagOfTokens: rowsOf('bag', 10, along(lexical.bag)),
    embeddings: rowsOf('embeddings', D, along(lexical.embeddings)),
  };
}

const OPTIONS = { shuffles: 3, seed: 0 };

describe('planted truth', () => {
  it('finds the layer at which a feature is written', () => {
    const planted = inputs((layer) => (layer >= 2 ? 4 : 0), { bag: 0, embeddings: 0 });
    const found = analyse(planted, data, OPTIONS);
    expect(found.decodable).toEqual([2, 3]);
    expect(found.beyond).toEqual([2, 3]);
    const [early, , written] = found.layers;
    expect(early!.auroc.value).toBeLessThan(0.7);
    expect(written!.auroc.value).toBeGreaterThan(0.98);
    expect(written!.pairedAccuracy.value).toBeGreaterThan(0.98);
    expect(written!.gap.value).toBeGreaterThan(0.8);
    expect(written!.brier).toBeLessThan(0.05);
    expect(Math.abs(written!.shuffled - 0.5)).toBeLessThan(0.15);
    // Before it was written is less than after the last block; after it was, the same.
    expect(early!.versusLast!.value).toBeLessThan(-0.3);
    expect(early!.versusLast!.pJoint).toBeLessThan(0.05);
    expect(written!.versusLast!.pJoint).toBeGreaterThan(0.05);
    expect(found.layers.at(-1)!.versusLast).toBeUndefined();
    expect(probeVerdict(found)).toMatch(/^Decodable beyond lexical controls from layer 2: .*100 %/);
  });

  it('finds nothing where there is nothing', () => {
    const found = analyse(
      inputs(() => 0, { bag: 0, embeddings: 0 }),
      data,
      OPTIONS,
    );
    expect(found.decodable).toEqual([]);
    expect(found.beyond).toEqual([]);
    for (const { auroc } of found.layers) expect(Math.abs(auroc.value - 0.5)).toBeLessThan(0.2);
    expect(probeVerdict(found)).toMatch(/^Not decodable/);
  });

  it('is not deceived by words: a lexical confound is decodable, but not beyond its control', () => {
    for (const control of ['bagOfTokens', 'embeddings'] as const) {
      const lexical = {
        bag: control === 'bagOfTokens' ? 4 : 0,
        embeddings: control === 'embeddings' ? 4 : 0,
      };
      const found = analyse(
        inputs(() => 2, lexical),
        data,
        OPTIONS,
      );
      expect(found.decodable).toEqual([0, 1, 2, 3]);
      expect(found.strongerControl).toBe(control);
      expect(found.beyond).toEqual([]);
      const words = control === 'bagOfTokens' ? /bag of tokens alone/ : /mean embedding alone/;
      expect(probeVerdict(found)).toMatch(/not shown beyond lexical controls/);
      expect(probeVerdict(found)).toMatch(words);
    }
  });

  it('says where a feature is lost again', () => {
    const lost = inputs((layer) => (layer === 1 ? 4 : 0), { bag: 0, embeddings: 0 });
    const found = analyse(lost, data, OPTIONS);
    expect(found.beyond).toEqual([1]);
    expect(probeVerdict(found)).toMatch(/from layer 1: .*Not shown for later layers 2, 3\.$/);
    expect(found.deepGuard.peakLayer).toBe(1);
    expect(found.deepGuard.drop).toBeGreaterThan(0.2);
  });

  it('does not call decodable what is another direction in every base', () => {
    // Each base has a column of its own: rows of a base tell about its other rows, never about another base.
    const own = (row: number, column: number) =>
      column === Math.floor(row / (2 * PAIRS)) ? 6 * sign(row) : 0;
    const bases = { bagOfTokens: rowsOf('b', 10, () => 0), embeddings: rowsOf('e', D, () => 0) };
    const found = analyse({ ...bases, layers: [rowsOf('own', D, own)] }, data, OPTIONS);
    expect(found.decodable).toEqual([]);
  });

  it('has DeepGuard’s statistic beside it: peak, final and drop of the mean on vulnerable rows', () => {
    const found = analyse(
      inputs(() => 4, { bag: 0, embeddings: 0 }),
      data,
      OPTIONS,
    );
    const { peak, peakLayer, final, drop } = found.deepGuard;
    const confidence = found.layers.map(({ probability }) => probability.vulnerable);
    expect(peak).toBe(Math.max(...confidence));
    expect(confidence[peakLayer]).toBe(peak);
    expect(final).toBe(confidence[3]);
    expect(drop).toBeCloseTo((peak - final) / peak, 12);
  });
});

it('is the same for a seed, and needs three groups', () => {
  const planted = inputs((layer) => layer, { bag: 0, embeddings: 0 });
  expect(analyse(planted, data, OPTIONS)).toEqual(analyse(planted, data, OPTIONS));
  const two = { ...data, groups: data.groups.map((group) => (group === 'base 0' ? 'a' : 'b')) };
  expect(() => analyse(planted, two, OPTIONS)).toThrow(/pairs of 2 groups.*at least 3/);
});
