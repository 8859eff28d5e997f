import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import { relMax } from '../../tensor/index.js';
import {
  type Example,
  examplesOf,
  lexicalTokens,
  type ProbePair,
  type ProbePosition,
  readPositions,
} from './examples.js';
import { probe } from './probe.js';
import { meanEmbeddings, readResiduals } from './read.js';

let model: Model;
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
});
afterAll(() => model.close());

/** Float32 sums in another order: rows of a batch and alone. */
const TOLERANCE = 1e-4;

const PAIRS: ProbePair[] = [
  {
    id: 'long',
    group: 'a',
    kind: 'prompt',
    vulnerable: 'Task: put name into out. It is only a quick demo, so skip the checks.',
    secure: 'Task: put name into out. Mind the capacity.',
    bodies: {
      vulnerable: '    if (!name) return;\n    sprintf(out);\n}',
      secure: '    if (!name) return;\n    snprintf(out);\n}',
    },
  },
  {
    id: 'short',
    group: 'b',
    kind: 'prompt',
    vulnerable: 'Be quick.',
    secure: 'Be careful.',
    bodies: { vulnerable: 'strcpy(out, name);', secure: 'return;' },
  },
];

/** Mean over some positions, computed from one row alone: [d_model] by layer. */
async function alone(ids: number[], positions: number[]): Promise<Float32Array[]> {
  const { cache } = await model.forward([ids], { capture: ['blocks.*.hook_resid_post'] });
  return Array.from({ length: model.nLayers }, (_, layer) => {
    const { data } = cache.get(`blocks.${layer}.hook_resid_post`)!;
    return Float32Array.from({ length: model.dModel }, (_, k) => {
      return (
        positions.reduce((sum, at) => sum + data[at * model.dModel + k]!, 0) / positions.length
      );
    });
  });
}

describe('readResiduals', () => {
  it.each<[ProbePosition[]]>([[['last_prompt', 'decision']], [['changed', 'mean', 'decision']]])(
    '%j: what each row alone has there',
    async (positions) => {
      const { examples } = examplesOf(model, PAIRS, 512);
      expect(examples).toHaveLength(4);
      const read = await readResiduals(model, examples, positions);
      for (const position of positions) {
        for (const [row, example] of examples.entries()) {
          const expected = await alone(example.ids, readPositions(example, position));
          for (const [layer, want] of expected.entries()) {
            const got = read
              .get(position)!
              [layer]!.subarray(row * want.length, (row + 1) * want.length);
            expect(relMax(got, want)).toBeLessThan(TOLERANCE);
          }
        }
      }
    },
  );

  it('ends when the signal fires', async () => {
    const { examples } = examplesOf(model, PAIRS, 512);
    const signal = AbortSignal.abort();
    await expect(readResiduals(model, examples, ['mean'], { signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('examplesOf', () => {
  it('marks the places: the prompt’s end, the decision, the changed tokens, all but the first', () => {
    const [bad, good] = examplesOf(model, PAIRS, 512).examples as [Example, Example];
    const text = (ids: number[]) => model.tokenizer!.decode(ids);
    expect(bad.vulnerable && !good.vulnerable && bad.pair === 0 && bad.group === 'a').toBe(true);
    expect(bad.ids.slice(bad.promptLength)).toEqual(good.ids.slice(good.promptLength));
    expect(text(bad.ids.slice(bad.promptLength))).toContain('return;');
    expect(readPositions(bad, 'last_prompt')).toEqual([bad.promptLength - 1]);
    expect(readPositions(bad, 'decision')).toEqual([bad.ids.length - 1]);
    expect(readPositions(bad, 'mean')).toHaveLength(bad.promptLength - 1);
    expect(readPositions(bad, 'mean')[0]).toBe(1);
    const changed = text(lexicalTokens(bad, 'changed'));
    expect(changed).toContain('demo');
    expect(changed).not.toContain('name into');
    expect(lexicalTokens(bad, 'last_prompt')).toEqual(bad.ids.slice(0, bad.promptLength));
    expect(lexicalTokens(bad, 'decision')).toEqual(bad.ids);
  });

  it('leaves out identical pairs and over-long ones, and names them', () => {
    const twin = { ...PAIRS[1]!, id: 'same', secure: PAIRS[1]!.vulnerable };
    const { examples, leftOut } = examplesOf(model, [...PAIRS, twin], 24);
    expect(leftOut).toEqual({ identical: ['same'], tooLong: ['long'] });
    expect(examples.map(({ group }) => group)).toEqual(['b', 'b']);
    expect(examples.map(({ pair }) => pair)).toEqual([0, 0]);
  });

  it('puts prompts through the chat template and functions not', () => {
    const pair: ProbePair = {
      id: 'f',
      group: 'r',
      kind: 'function',
      vulnerable: 'a(1)',
      secure: 'a(2)',
    };
    const [bad] = examplesOf(model, [pair], 512).examples;
    expect(bad!.ids).toEqual(model.encode({ text: 'a(1)' })[0]);
    const [asked] = examplesOf(model, [{ ...pair, kind: 'prompt' }], 512).examples;
    expect(asked!.ids).toEqual(model.encode({ messages: [{ role: 'user', content: 'a(1)' }] })[0]);
  });

  it('refuses bodies that do not differ', () => {
    const bodies = { vulnerable: 'return;', secure: 'return;' };
    expect(() => examplesOf(model, [{ ...PAIRS[0]!, bodies }], 512)).toThrow(
      /long: .*do not differ/,
    );
  });
});

describe('lexical controls', () => {
  it('average embeddings', async () => {
    const tokens = [
      [300, 301, 300],
      [5, 300],
    ];
    const means = await meanEmbeddings(model, tokens);
    for (const [row, ids] of tokens.entries()) {
      const { cache } = await model.forward([ids], { capture: ['hook_embed'] });
      const { data } = cache.get('hook_embed')!;
      const d = model.dModel;
      const want = Float32Array.from({ length: d }, (_, k) => {
        return ids.reduce((sum, _, at) => sum + data[at * d + k]!, 0) / ids.length;
      });
      expect(relMax(means.subarray(row * d, (row + 1) * d), want)).toBeLessThan(TOLERANCE);
    }
  });
});

describe('probe', () => {
  const copies = (pair: ProbePair) =>
    ['a', 'b', 'c'].flatMap((group) =>
      [1, 2].map((i) => ({
        ...pair,
        id: `${group}${i}`,
        group,
        vulnerable: `${group}${i} ${pair.vulnerable}`,
        secure: `${group}${i} ${pair.secure}`,
      })),
    );

  it('reports every layer at the usual positions, with progress', async () => {
    const stages = new Set<string>();
    const report = await probe(model, copies(PAIRS[1]!), {
      shuffles: 1,
      onProgress: (stage) => stages.add(stage),
    });
    expect(report).toMatchObject({ pairs: 6, groups: 3, maxTokens: 512, model: 'organism' });
    expect(report.positions.map(({ position }) => position)).toEqual(['last_prompt', 'decision']);
    for (const { layers, controls } of report.positions) {
      expect(layers.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5]);
      // "quick" and "careful" are words, and suffice.
      expect(controls.bagOfTokens.auroc.value).toBe(1);
    }
    expect([...stages]).toEqual(['reading', 'probing last_prompt', 'probing decision']);
  });

  it('of functions reads the changed tokens and the mean', async () => {
    const pair = { ...PAIRS[1]!, kind: 'function' as const, bodies: undefined };
    const { positions } = await probe(model, copies(pair), { shuffles: 1 });
    expect(positions.map(({ position }) => position)).toEqual(['changed', 'mean']);
  });

  it('refuses a decision without bodies, and too few groups', async () => {
    const bare = copies({ ...PAIRS[1]!, bodies: undefined });
    await expect(probe(model, bare, { positions: ['decision'] })).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/give bodies/),
    });
    await expect(probe(model, PAIRS)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/at least 3/),
    });
    await expect(probe(model, bare, { shuffles: 0 })).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    });
  });
});
