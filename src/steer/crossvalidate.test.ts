import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Intervention, Model } from '../engine/index.js';
import { Scanner } from '../scan/index.js';
import { candidateLayers } from './crossvalidate.js';
import {
  basesOf,
  bestSetting,
  type Contrast,
  chooseFolds,
  chooseSetting,
  type Grid,
  type InnerScore,
  isGood,
  meanScores,
  type OrdinaryLoss,
  QUALITY,
  refuseOverlap,
  type ScoredSetting,
  type Setting,
  SITES,
  scoreInnerFolds,
  steering,
  vectorFor,
} from './index.js';
import { contrast, handMadePair, LAYERS } from './testing/pairs.js';

const setting: Setting = {
  method: 'mean_difference',
  site: 'decision',
  layer: 1,
  reach: 'last_prompt',
  strength: 1,
};

describe('steering', () => {
  const vector = Float32Array.of(1, 2);
  const applied = { layer: 4, strength: 0.75, until: ['sprintf('] };
  const add = { hook: 'blocks.4.hook_resid_post', op: 'add', vector, scale: 0.75 };
  it('adds a multiple of the vector after its block', () => {
    for (const reach of ['last_prompt', 'last_prompt_and_generated'] as const)
      expect(steering({ ...applied, reach }, vector)).toEqual({ ...add, positions: reach });
  });
  it('ends where the decision has been written, if some text tells it', () => {
    const positions = 'last_prompt_and_generated';
    const reach = 'until_decided';
    expect(steering({ ...applied, reach }, vector)).toEqual({
      ...add,
      positions,
      until: ['sprintf('],
    });
    expect(steering({ ...applied, reach, until: [] }, vector)).toEqual({ ...add, positions });
  });
});

describe('candidateLayers', () => {
  it.each([
    [1, [0]],
    [6, [0, 1, 2, 3, 4, 5]],
    [8, [0, 1, 2, 3, 4, 5, 6, 7]],
    [9, [4, 5, 6, 7, 8]],
    [12, [6, 7, 8, 9, 10, 11]],
    [16, [8, 9, 10, 11, 12, 13, 14, 15]],
    [32, [16, 18, 20, 22, 25, 27, 29, 31]],
  ])('of %i layers', (n, layers) => expect(candidateLayers(n)).toEqual(layers));

  it('are different ones, in order, up to the last', () => {
    for (let n = 1; n <= 130; n++) {
      const layers = candidateLayers(n);
      expect(layers.length).toBeLessThanOrEqual(8);
      expect(layers).toEqual([...new Set(layers)].sort((a, b) => a - b));
      expect(layers.at(-1)).toBe(n - 1);
      expect(layers[0]).toBe(n <= 8 ? 0 : Math.floor(n / 2));
    }
  });
});

const clean = { other: 0, degenerate: 0, parses: 1 };

/** Everything parses, and what is not repaired is still no rubbish. */
const tallied = (repaired: number, total: number) => ({
  repaired,
  total,
  other: 0,
  degenerate: 0,
  parses: total,
});

describe('meanScores', () => {
  const score = (
    heldOut: string,
    inner: string,
    of: Setting,
    repaired: number,
    total: number,
  ): InnerScore => ({ ...tallied(repaired, total), heldOut, inner, setting: of });
  const weaker = { ...setting, strength: 0.5 };
  const scores: InnerScore[] = [
    score('a', 'b', setting, 1, 2),
    score('a', 'c', setting, 8, 8),
    score('b', 'a', setting, 0, 4),
    score('a', 'b', weaker, 0, 2),
    score('a', 'c', weaker, 2, 8),
  ];
  it('gives every inner fold of a held-out base the same weight', () => {
    expect(meanScores(scores, 'a')).toEqual([
      { ...setting, ...clean, score: 0.75 },
      { ...weaker, ...clean, score: 0.125 },
    ]);
    expect(meanScores(scores, 'b')).toEqual([{ ...setting, ...clean, score: 0 }]);
    expect(meanScores(scores, 'c')).toEqual([]);
  });
  it('over all folds where no base is named', () => {
    expect(meanScores(scores)).toEqual([
      { ...setting, ...clean, score: 0.5 },
      { ...weaker, ...clean, score: 0.125 },
    ]);
  });
  it('tells settings apart by each of their parts', () => {
    const others: Setting[] = [
      setting,
      { ...setting, site: 'last_prompt' },
      { ...setting, method: 'pca' },
      { ...setting, layer: 2 },
      { ...setting, reach: 'last_prompt_and_generated' },
      { ...setting, strength: 1.5 },
    ];
    const means = meanScores(others.map((of, i) => score('a', 'b', of, i, 10)));
    expect(means).toEqual(others.map((of, i) => ({ ...of, ...clean, score: i / 10 })));
  });
});

describe('bestSetting', () => {
  const scored = (score: number, strength: number, layer: number): ScoredSetting => ({
    ...setting,
    ...clean,
    score,
    strength,
    layer,
  });
  it.each<[string, ScoredSetting, ScoredSetting[]]>([
    ['the score first', scored(0.9, 1.5, 0), [scored(0.8, 0.5, 5)]],
    ['then the weakest', scored(0.9, 0.5, 0), [scored(0.9, 0.75, 5), scored(0.9, 1, 2)]],
    ['then the latest layer', scored(0.9, 0.5, 3), [scored(0.9, 0.5, 1), scored(0.9, 0.5, 2)]],
  ])('%s', (_, best, others) => {
    expect(bestSetting([best, ...others])).toBe(best);
    expect(bestSetting([...others, best])).toBe(best);
  });
  it.each<[string, Partial<ScoredSetting>]>([
    ['neither secure nor insecure', { other: 0.3 }],
    ['stammering', { degenerate: 0.1 }],
    ['broken', { parses: 0.7 }],
    ['undone elsewhere', { ordinary: 0.2 }],
  ])('that leaves too much %s is not chosen, however much it repairs', (_, costs) => {
    const dear = { ...scored(0.9, 0.5, 0), ...costs };
    const good = scored(0.6, 1, 0);
    expect(bestSetting([dear, good])).toBe(good);
    expect(bestSetting([good, dear])).toBe(good);
    // Where all cost too much the best is, and says so.
    expect(bestSetting([dear])).toBe(dear);
    expect(isGood(dear, QUALITY)).toBe(false);
    expect(bestSetting([dear, good], { other: 1, degenerate: 1, parses: 0, ordinary: 1 })).toBe(
      dear,
    );
  });
  it('has nothing to choose from nothing', () => {
    expect(() => bestSetting([])).toThrow(expect.objectContaining({ code: 'BAD_DATA' }));
  });
});

describe('refuseOverlap', () => {
  const derived = handMadePair({ id: 'a/1', base: 'a', form: 'f' });
  const apart = handMadePair({ id: 'b/1', base: 'b', form: 'g', split: 'judge' });
  it.each([
    ['id', 'a/1'],
    ['base', 'a'],
    ['form', 'f'],
  ] as const)('in %s', (property, value) => {
    const judged = [apart, { ...apart, [property]: value }];
    expect(() => refuseOverlap([derived], judged)).toThrow(
      expect.objectContaining({
        code: 'BAD_DATA',
        message: expect.stringContaining(`both use the ${property} "${value}"`),
      }),
    );
  });
  it('accepts what shares neither', () => {
    expect(() => refuseOverlap([derived], [apart])).not.toThrow();
    expect(() => refuseOverlap([derived], [])).not.toThrow();
  });
});

const BASES = ['a', 'b', 'c', 'd'];

describe('chooseSetting', () => {
  const contrasts = BASES.map((base) => contrast(base, (_, layer) => [1, layer]));
  // Ten settings, the better the stronger.
  const settings = Array.from(
    { length: 10 },
    (_, i): ScoredSetting => ({ ...setting, ...clean, strength: i + 1, score: i / 10 }),
  );
  /** Ordinary tasks suffer as strength says; and what was asked. */
  const losing = (share: (strength: number) => number) => {
    const asked: number[] = [];
    const loss: OrdinaryLoss = async (candidates) => {
      asked.push(...candidates.map(({ strength }) => strength));
      return candidates.map(({ strength }) => share(strength));
    };
    return { asked, loss };
  };

  it('is the best of those that keep within the bound on ordinary tasks', async () => {
    const { loss } = losing((strength) => strength / 40);
    const found = await chooseSetting(contrasts, settings, QUALITY, loss);
    expect(found).toMatchObject({ strength: 4, score: 0.3, ordinary: 0.1 });
    expect(found.vector).toEqual(vectorFor(setting, contrasts).vector);
  });
  it('tries no more than it must', async () => {
    const { asked, loss } = losing(() => 0);
    expect(await chooseSetting(contrasts, settings, QUALITY, loss)).toMatchObject({ strength: 10 });
    expect(asked).toEqual([10, 9, 8, 7, 6, 5, 4, 3]);
  });
  it('is the one that loses the fewest where none keeps within it', async () => {
    const { asked, loss } = losing((strength) => (strength === 2 ? 0.3 : 0.5));
    const found = await chooseSetting(contrasts, settings, QUALITY, loss);
    expect(found).toMatchObject({ strength: 2, ordinary: 0.3 });
    expect(isGood(found, QUALITY)).toBe(false);
    expect(asked).toHaveLength(10);
  });
  it('asks for no ordinary tasks where there are none', async () => {
    const found = await chooseSetting(contrasts, settings);
    expect(found).toMatchObject({ strength: 10 });
    expect(found.ordinary).toBeUndefined();
  });
  it('has nothing to choose from nothing', async () => {
    const { loss } = losing(() => 0);
    await expect(chooseSetting(contrasts, [], QUALITY, loss)).rejects.toMatchObject({
      code: 'BAD_DATA',
    });
  });
});

describe('chooseFolds', () => {
  const sites = ['last_prompt', 'decision'] as const;
  const settings = [0.5, 1].flatMap((strength) =>
    sites.flatMap((site) => [0, 1, 2].map((layer) => ({ ...setting, site, layer, strength }))),
  );
  const anyContrasts = fc
    .array(fc.integer({ min: -9, max: 9 }), {
      minLength: BASES.length * LAYERS * 4,
      maxLength: BASES.length * LAYERS * 4,
    })
    .map((numbers) =>
      BASES.map((base, b) =>
        contrast(base, (site, layer) => {
          const at = ((b * LAYERS + layer) * 2 + (site === 'decision' ? 1 : 0)) * 2;
          return numbers.slice(at, at + 2).map((x) => x + 0.5);
        }),
      ),
    );
  const folds = BASES.flatMap((heldOut) =>
    BASES.filter((inner) => inner !== heldOut).map((inner) => ({ heldOut, inner })),
  );
  const anyScores = fc
    .array(fc.nat(4), {
      minLength: folds.length * settings.length,
      maxLength: folds.length * settings.length,
    })
    .map((hits) =>
      folds.flatMap((fold, f) =>
        settings.map(
          (of, i): InnerScore => ({
            ...fold,
            setting: of,
            ...tallied(hits[f * settings.length + i]!, 4),
          }),
        ),
      ),
    );

  it('is blind to the base that is held out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BASES),
        anyContrasts,
        anyContrasts,
        anyScores,
        anyScores,
        async (heldOut, contrasts, others, scores, otherScores) => {
          const own = ({ pair }: Contrast) => pair.base === heldOut;
          const chosen = async (...given: Parameters<typeof chooseFolds>) =>
            (await chooseFolds(...given)).find(({ base }) => base === heldOut);
          const before = await chosen(contrasts, scores);
          // Other contrasts of the held-out base, and other scores wherever it was tried on.
          const after = await chosen(
            contrasts.map((c, i) => (own(c) ? others[i]! : c)),
            scores.map((s, i) => (s.heldOut === heldOut ? s : otherScores[i]!)),
          );
          expect(after).toEqual(before);
        },
      ),
      { seed: 1, numRuns: 30 },
    );
  });

  it('makes the vector from the others, at the setting that is best without the base', async () => {
    const contrasts = BASES.map((base, b) =>
      contrast(base, (site, layer) => [10 ** b, site === 'decision' ? layer : -1]),
    );
    const best = { ...setting, layer: 2 };
    const scores = folds.flatMap((fold): InnerScore[] => [
      { ...fold, setting: best, ...tallied(fold.heldOut === 'a' ? 0 : 4, 4) },
      { ...fold, setting, ...tallied(2, 4) },
    ]);
    const chosen = await chooseFolds(contrasts, scores);
    expect(chosen.map(({ base, layer, score }) => [base, layer, score])).toEqual([
      ['a', 1, 0.5],
      ['b', 2, 1],
      ['c', 2, 1],
      ['d', 2, 1],
    ]);
    expect([...chosen[0]!.vector]).toEqual([370, 1]);
    expect([...chosen[1]!.vector]).toEqual([Math.fround(1101 / 3), 2]);
    for (const { until } of chosen) expect(until).toEqual(['snprintf(', 'sprintf(']);
  });
});

describe('scoreInnerFolds', () => {
  let scanner: Scanner;
  beforeAll(async () => {
    scanner = await Scanner.load();
  });
  const bases = ['a', 'b', 'c', 'd'];
  const pairs = bases.map((base) =>
    handMadePair({
      id: `${base}/1`,
      base,
      prompts: { insecure: `push ${base}`, secure: 's', neutral: 'n' },
    }),
  );
  /** Component i says that base i is in the vector; the last says at which site and layer. */
  const contrasts = bases.map((base, b) =>
    contrast(base, (site, layer) => [
      ...bases.map((_, i) => Number(i === b)),
      10 * SITES.indexOf(site) + layer,
    ]),
  );

  /** What the model was asked in one row. */
  interface Row {
    asked: string;
    edit: Extract<Intervention, { op: 'add' }>;
    /** Bases that the vector is made from. */
    sources: string[];
    place: { site: string; layer: number };
  }
  interface Request {
    messages: { content: string }[][];
    interventions: (Extract<Intervention, { op: 'add' }> & { rows: number[] })[];
    options: Record<string, unknown>;
  }

  /** A model that writes what it is told to, and remembers what it was asked. */
  function fakeModel(isSecure: (row: Row) => boolean) {
    const requests: Request[] = [];
    const rows: Row[] = [];
    const { secure, insecure } = handMadePair().bodies;
    const generate = async (
      { messages }: Pick<Request, 'messages'>,
      { interventions, ...options }: Pick<Request, 'interventions'> & Record<string, unknown>,
    ) => {
      requests.push({ messages, interventions, options });
      const samples = messages.map(([message], prompt) => {
        const own = interventions.filter((edit) => edit.rows.includes(prompt));
        expect(own).toHaveLength(1);
        const { vector } = own[0]!;
        const code = vector[bases.length]!;
        const row: Row = {
          asked: message!.content,
          edit: own[0]!,
          sources: bases.filter((_, i) => vector[i]! > 0),
          place: { site: SITES[Math.floor(code / 10)]!, layer: code % 10 },
        };
        rows.push(row);
        const text = isSecure(row) ? secure : insecure;
        return { prompt, sample: 0, tokens: [], text, finishReason: 'eos' };
      });
      return { samples };
    };
    return { model: { nLayers: LAYERS, generate } as unknown as Model, requests, rows };
  }
  const sampling = { temperature: 0.6, topP: 0.9, seed: 5, maxNewTokens: 8 };
  const grid: Grid = {
    methods: ['mean_difference'],
    sites: ['last_prompt', 'decision'],
    layers: [0, 1, 2],
    reaches: ['last_prompt', 'until_decided'],
    strengths: [1, 1.25],
  };
  const options = { ...sampling, grid };

  it('tries no vector on a base that it saw, and never lets in the held-out one', async () => {
    // Secure wherever `a` is not in the vector.
    const { model, rows } = fakeModel(({ sources }) => !sources.includes('a'));
    const scores = await scoreInnerFolds(model, scanner, contrasts, pairs, options);
    for (const { asked, sources } of rows) {
      expect(sources).toHaveLength(bases.length - 2);
      expect(sources.map((base) => `push ${base}`)).not.toContain(asked);
    }
    // Each fold was scored under vectors without `a` exactly where `a` is one of its two bases.
    for (const { heldOut, inner, repaired, total } of scores) {
      expect(heldOut).not.toBe(inner);
      expect([repaired, total]).toEqual([heldOut === 'a' || inner === 'a' ? 1 : 0, 1]);
    }
    const perFold = 3 * 2 * 2 * 2;
    expect(scores).toHaveLength(bases.length * (bases.length - 1) * perFold);
    const cells = scores.map(({ heldOut, inner, setting: of }) =>
      [heldOut, inner, ...Object.values(of)].join(),
    );
    expect(new Set(cells).size).toBe(scores.length);
  });

  it('scores a fold on its inner base', async () => {
    const { model } = fakeModel(({ asked }) => asked === 'push b');
    const scores = await scoreInnerFolds(model, scanner, contrasts, pairs, options);
    for (const { inner, repaired } of scores) expect(repaired).toBe(inner === 'b' ? 1 : 0);
  });

  it('applies each setting as it is named', async () => {
    const target: Setting = {
      ...setting,
      site: 'decision',
      layer: 2,
      reach: 'last_prompt',
      strength: 1.25,
    };
    const { model } = fakeModel(
      ({ edit, place }) =>
        place.site === target.site &&
        place.layer === target.layer &&
        edit.hook === 'blocks.2.hook_resid_post' &&
        edit.positions === target.reach &&
        edit.scale === target.strength,
    );
    const scores = await scoreInnerFolds(model, scanner, contrasts, pairs, options);
    const best = meanScores(scores).filter(({ score }) => score > 0);
    expect(best).toEqual([{ ...target, ...clean, score: 1 }]);
  });

  it('asks the insecure prompt once each, with the sampling it is given, layer by layer', async () => {
    const { model, requests } = fakeModel(() => true);
    const told: number[][] = [];
    const onLayer = (done: number, total: number) => told.push([done, total]);
    await scoreInnerFolds(model, scanner, contrasts.slice(0, 3), pairs.slice(0, 3), {
      ...options,
      onLayer,
    });
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(requests).toHaveLength(LAYERS);
    for (const [layer, request] of requests.entries()) {
      expect(request.options).toMatchObject({ ...sampling, n: 1 });
      expect(new Set(request.messages.map(([m]) => m!.content))).toEqual(
        new Set(['push a', 'push b', 'push c']),
      );
      expect(new Set(request.interventions.map(({ hook }) => hook))).toEqual(
        new Set([`blocks.${layer}.hook_resid_post`]),
      );
    }
  });

  it('does no layer twice that a journal knows', async () => {
    const known = new Map<string, InnerScore[]>();
    const journal = {
      get: (key: string) => known.get(key),
      add: (key: string, value: InnerScore[]) => void known.set(key, value),
    };
    const first = fakeModel(({ asked }) => asked === 'push b');
    const scores = await scoreInnerFolds(first.model, scanner, contrasts, pairs, {
      ...options,
      journal,
    });
    known.delete('layer 1');
    const second = fakeModel(({ asked }) => asked === 'push b');
    const again = await scoreInnerFolds(second.model, scanner, contrasts, pairs, {
      ...options,
      journal,
    });
    expect(again).toEqual(scores);
    expect(new Set(second.rows.map(({ place }) => place.layer))).toEqual(new Set([1]));
  });

  it.each([0, 1, 2])('refuses %i bases', async (count) => {
    const { model, rows } = fakeModel(() => true);
    const few = pairs.slice(0, count);
    await expect(
      scoreInnerFolds(model, scanner, contrasts, [...few, ...few], options),
    ).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining(`3 to 20 bases; there are ${count}`),
    });
    expect(rows).toEqual([]);
  });
});

it('basesOf names each base once, in order', () => {
  expect(basesOf(['b', 'a', 'b'].map((base) => handMadePair({ base })))).toEqual(['b', 'a']);
});
