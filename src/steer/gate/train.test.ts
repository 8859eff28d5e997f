import { describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import { type GatePrompt, routeVectors, trainGate } from '../index.js';
import { bad } from '../testing/vectors.js';

const CWES = ['CWE-787', 'CWE-089'] as const;
const [N_LAYERS, D] = [3, 6];

/** Prompts of 8 bases of each weakness and 24 ordinary ones, in both splits. */
const PROMPTS: GatePrompt[] = [undefined, ...CWES].flatMap((cwe) =>
  Array.from({ length: cwe ? 8 : 24 }, (_, base) => base).flatMap((base) =>
    Array.from({ length: 12 }, (_, i) => ({
      id: `${cwe}/${base}/${i}`,
      base: `${cwe}/${base}`,
      cwe,
      split: i % 2 === 0 ? ('derive' as const) : ('judge' as const),
      prompt: `${cwe} ${base} ${i}`,
    })),
  ),
);

/**
 * A model whose states say at layer 1 alone what a prompt concerns, as far as `signal` goes: the token id
 * of a prompt is its number, and the rest is noise.
 */
function planted(signal: number, prompts = PROMPTS): Model {
  const stateOf = (id: number, layer: number) => {
    const random = new Random(0, 'planted', prompts[id]!.prompt, layer);
    const place = layer === 1 ? CWES.indexOf(prompts[id]!.cwe as (typeof CWES)[number]) : -1;
    return Float32Array.from({ length: D }, (_, j) => random.normal() + (j === place ? signal : 0));
  };
  const model = {
    id: 'planted',
    nLayers: N_LAYERS,
    dModel: D,
    hash: 'planted',
    config: { family: 'llama' },
    tokenizer: undefined,
    encode: ({ text }: { text: string }) => [[prompts.findIndex(({ prompt }) => prompt === text)]],
    forward: async (ids: number[][]) => ({
      cache: new Map(
        Array.from({ length: N_LAYERS }, (_, layer) => [
          `blocks.${layer}.hook_resid_post`,
          { data: Float32Array.from(ids.flatMap(([id]) => [...stateOf(id!, layer)])) },
        ]),
      ),
    }),
  };
  return model as unknown as Model;
}

describe('trainGate', () => {
  it('finds the layer that says it, routes by it, and leaves ordinary prompts alone', async () => {
    const { gate, evaluations } = await trainGate(planted(12), PROMPTS, { budget: 0.05 });
    expect(gate.metadata).toMatchObject({ method: 'probe', layer: 1, model: 'planted' });
    expect(gate.metadata.threshold).toMatchObject({ budget: 0.05, prompts: 48, bases: 8 });
    expect([...gate.heads.routes.keys()].sort()).toEqual([...CWES].sort());
    const [probe, direction, bag] = evaluations;
    expect([probe!.by, direction!.by, bag!.by]).toEqual(['probe', 'direction', 'bag of tokens']);
    for (const { falseAlarms, missed, misrouted } of [probe!, direction!]) {
      expect(falseAlarms.total).toBe(24 * 6);
      expect(missed.total).toBe(2 * 8 * 6);
      expect(falseAlarms.hits / falseAlarms.total).toBeLessThan(0.15);
      expect(missed.hits).toBe(0);
      expect(misrouted.hits).toBe(0);
    }
    // Every token is new to it: it can only guess.
    expect(bag!.missed.hits).toBeGreaterThan(bag!.missed.total / 2);
    expect(probe!.confusion['CWE-787']).toEqual({ 'CWE-787': 48 });

    const { gate: asked } = routeVectors(gate, [], planted(12));
    expect(asked.hook).toBe('blocks.1.hook_resid_post');
  });

  it('with nothing to go by steers no more ordinary prompts than concerned ones', async () => {
    const { evaluations } = await trainGate(planted(0), PROMPTS, {
      budget: 0.05,
      method: 'direction',
    });
    const [direction] = evaluations;
    expect(direction!.by).toBe('direction');
    expect(direction!.falseAlarms.hits / direction!.falseAlarms.total).toBeLessThan(0.2);
    expect(direction!.missed.hits / direction!.missed.total).toBeGreaterThan(0.75);
  });

  it('judges by held-out wordings of held-out bases: what is planted in trained ones alone does not count', async () => {
    // The states of derive prompts tell, those of judge ones do not.
    const silent = planted(
      12,
      PROMPTS.map((one) => (one.split === 'judge' ? { ...one, cwe: undefined } : one)),
    );
    const { evaluations } = await trainGate(silent, PROMPTS, { budget: 0.05 });
    expect(evaluations[0]!.missed.hits / evaluations[0]!.missed.total).toBeGreaterThan(0.75);
  });

  it('is the same again', async () => {
    const small = { budget: 0.05 };
    const runs = [
      await trainGate(planted(4), PROMPTS, small),
      await trainGate(planted(4), PROMPTS, small),
    ];
    expect(runs[1]).toEqual(runs[0]);
  });

  it.each<[string, (one: GatePrompt) => boolean, RegExp]>([
    ['no ordinary prompts', ({ cwe }) => cwe !== undefined, /on ordinary ones: give both/],
    ['ordinary prompts alone', ({ cwe }) => cwe === undefined, /on ordinary ones: give both/],
    [
      'three bases',
      ({ cwe, base }) => !cwe || /[012]$/.test(base),
      /^3 bases of CWE-787 prompts can be trained on/,
    ],
    [
      'nothing to judge by',
      ({ cwe, split }) => cwe !== 'CWE-089' || split === 'derive',
      /^0 bases of CWE-089 prompts can be judged by/,
    ],
    [
      'few ordinary prompts',
      ({ cwe, id }) => cwe !== undefined || /\/[01]$/.test(id),
      /needs 99 ordinary/,
    ],
  ])('refuses %s', async (_, kept, words) => {
    const some = PROMPTS.filter(kept);
    await expect(trainGate(planted(1), some)).rejects.toEqual(bad(words, 'BAD_DATA'));
  });

  it('ends when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(trainGate(planted(1), PROMPTS, { signal })).rejects.toEqual(
      bad(/Interrupted/, 'INTERRUPTED'),
    );
  });
});
