import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCheckpoint, readTensor, relMax } from '../tensor/index.js';
import {
  Device,
  type DeviceTensor,
  type Intervention,
  loadModel,
  type Model,
  type Positions,
} from './index.js';
import { CompiledPlan } from './interventions.js';
import { fixture } from './testing/models.js';

const TOLERANCE = 2e-5;
const FIXTURES = readdirSync(fixture('')).filter((name) =>
  existsSync(fixture(`${name}/model/config.json`)),
);
const TOKENS = [41, 7, 200, 7, 93, 0, 12, 255, 31];
const LAYER = 1;
const Z = `blocks.${LAYER}.attn.hook_z`;
const OUT = `blocks.${LAYER}.hook_attn_out`;
const wave = (n: number, seed = 1) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 3 * i));

describe.each(FIXTURES)('%s', (name) => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(fixture(`${name}/model`), { threads: 2 });
  });
  afterAll(() => model.close());

  const run = async (interventions: Intervention[], capture: string[] = []) => {
    const { logits, cache } = await model.forward([TOKENS], { interventions, capture });
    return { logits: logits.data, at: (hook: string) => cache.get(hook)!.data };
  };
  /** A parameter of the layer's output projection. */
  const projection = (part: 'weight' | 'bias') => {
    const ending = new RegExp(
      `\\.${LAYER}\\.(self_attn|attn|attention)\\.(o_proj|c_proj|dense|out_proj)\\.${part}$`,
    );
    const tensors = openCheckpoint(join(fixture(`${name}/model`)));
    const entry = [...tensors.values()].find((tensor) => ending.test(tensor.name));
    return entry && readTensor(entry).data;
  };
  /** A norm behind attention makes what is added another thing than what is projected. */
  const normed = () => model.config.family === 'gemma2';

  it('attention without its heads is the bias of its output projection', async () => {
    const none: Intervention = { hook: Z, op: 'scale', factor: 0, positions: 'all' };
    const { logits, at } = await run([none], [OUT]);
    const d = model.dModel;
    const bias = projection('bias') ?? new Float32Array(d);
    for (let j = 0; j < TOKENS.length; j++) {
      expect(relMax(at(OUT).subarray(j * d, (j + 1) * d), bias)).toBeLessThan(TOLERANCE);
    }
    const value = { dims: [d], data: bias };
    const replaced = await run([{ hook: OUT, op: 'replace', value, positions: 'all' }]);
    expect(relMax(logits, replaced.logits)).toBeLessThan(TOLERANCE);
    expect(relMax(logits, (await run([])).logits)).toBeGreaterThan(1e-3);
  });

  it("what is added at one head is added behind that head's part of the projection", async () => {
    if (normed()) return;
    const { nHeads, headDim, family } = model.config;
    const d = model.dModel;
    const weight = projection('weight')!; // [d, heads * hd], in GPT-2 [heads * hd, d]
    const at = (out: number, input: number) =>
      family === 'gpt2' ? weight[input * d + out]! : weight[out * nHeads * headDim + input]!;
    for (const head of [0, nHeads - 1]) {
      const vector = wave(headDim, head);
      const behind = Float32Array.from({ length: d }, (_, out) =>
        vector.reduce((sum, x, i) => sum + x * at(out, head * headDim + i), 0),
      );
      const edit = { op: 'add', positions: [2, -1] } as const;
      const inside = await run([{ ...edit, hook: Z, heads: [head], vector }]);
      const outside = await run([{ ...edit, hook: OUT, vector: behind }]);
      expect(relMax(inside.logits, outside.logits)).toBeLessThan(TOLERANCE);
    }
  });

  it("an edit of one head leaves the others' bits as they are", async () => {
    const { nHeads, headDim } = model.config;
    const before = (await run([], [Z])).at(Z);
    const vector = wave(headDim);
    const value = { dims: [headDim], data: vector };
    const norm = Math.hypot(...vector);
    const expected: [Partial<Intervention>, (h: Float32Array, i: number) => number][] = [
      [{ op: 'add', vector, scale: 3 }, (h, i) => h[i]! + 3 * vector[i]!],
      [{ op: 'scale', factor: -2 }, (h, i) => -2 * h[i]!],
      [{ op: 'replace', value }, (_, i) => vector[i]!],
      [
        { op: 'project_out', vector },
        (h, i) => {
          const along = h.reduce((sum, x, k) => sum + (x * vector[k]!) / norm, 0);
          return h[i]! - (along * vector[i]!) / norm;
        },
      ],
    ];
    const heads = [nHeads - 2, 0];
    for (const [edit, want] of expected) {
      const positions = [1, -2];
      const { at } = await run([{ ...edit, hook: Z, heads, positions } as Intervention], [Z]);
      for (let j = 0; j < TOKENS.length; j++) {
        for (let head = 0; head < nHeads; head++) {
          const from = (j * nHeads + head) * headDim;
          const was = before.subarray(from, from + headDim);
          const is = at(Z).subarray(from, from + headDim);
          const edited = heads.includes(head) && (j === 1 || j === TOKENS.length - 2);
          if (!edited) expect(is).toEqual(was);
          else
            expect(
              relMax(
                is,
                was.map((_, i) => want(was, i)),
              ),
            ).toBeLessThan(1e-6);
        }
      }
    }
  });

  it('what is captured at positions is a slice of the whole', async () => {
    const batch = [TOKENS, TOKENS.slice(2, 6)];
    const capture = ['*', `blocks.${LAYER}.*`, `blocks.${LAYER}.*.*`, 'ln_final.*'];
    const whole = await model.forward(batch, { capture });
    const listed = [-1, 0, 2, -1];
    const s = TOKENS.length;
    const { nHeads } = model.config;
    for (const positions of ['last', listed] as const) {
      const part = await model.forward(batch, { capture, positions, logits: [1] });
      expect([...part.cache.keys()]).toEqual([...whole.cache.keys()]);
      const asked = positions === 'last' ? [-1] : positions;
      for (const [hook, all] of whole.cache) {
        const { dims, data } = part.cache.get(hook)!;
        const pattern = hook.endsWith('hook_pattern');
        expect(dims).toEqual(all.dims.with(pattern ? 2 : 1, asked.length));
        const groups = pattern ? nHeads : 1;
        const width = all.data.length / (batch.length * groups * s);
        const want = batch.flatMap((ids, row) =>
          Array.from({ length: groups }, (_, group) =>
            asked.map((position) => {
              const j = position < 0 ? ids.length + position : position;
              const from = ((row * groups + group) * s + j) * width;
              return [...all.data.subarray(from, from + width)];
            }),
          ).flat(2),
        );
        expect(relMax(data, want)).toBeLessThan(TOLERANCE);
      }
      const { vocabSize } = model.config;
      expect(part.logits.dims).toEqual([2, 1, vocabSize]);
      const second = (row: number) =>
        whole.logits.data.subarray((row * s + 1) * vocabSize, (row * s + 2) * vocabSize);
      expect(relMax(part.logits.data, [...second(0), ...second(1)])).toBeLessThan(TOLERANCE);
    }
  });

  it('a pass that only captures gives the same, whatever is edited behind its last capture', async () => {
    const batch = [TOKENS, TOKENS.slice(2, 6)];
    const { dModel, vocabSize } = model.config;
    const interventions = [0, 1, -1].map((block) => ({
      hook: `blocks.${block}.hook_resid_post`,
      op: 'add' as const,
      positions: 'all' as const,
      vector: wave(dModel),
    }));
    for (const capture of [['hook_embed'], ['blocks.0.hook_resid_post', 'blocks.1.attn.hook_z']]) {
      const whole = await model.forward(batch, { capture, interventions });
      const part = await model.forward(batch, { capture, interventions, logits: [] });
      for (const [hook, { dims, data }] of whole.cache) {
        expect(part.cache.get(hook)!.dims).toEqual(dims);
        expect(relMax(part.cache.get(hook)!.data, data)).toBeLessThan(TOLERANCE);
      }
      expect(part.logits.dims).toEqual([2, 0, vocabSize]);
    }
  });

  it('generation is edited as whole passes are, at every kind of hook and in every phase', async () => {
    const { dModel, headDim, vocabSize } = model.config;
    const prompt = TOKENS.slice(0, 4);
    const edits = [
      { hook: Z, op: 'add', vector: wave(headDim), scale: 4, heads: [1] } as const,
      { hook: 'blocks.0.mlp.hook_in', op: 'scale', factor: 2.5 } as const,
      { hook: 'blocks.-1.attn.hook_in', op: 'add', vector: wave(dModel), scale: 2 } as const,
      { hook: 'blocks.-1.hook_resid_post', op: 'project_out', vector: wave(dModel) } as const,
      { hook: 'ln_final.hook_normalized', op: 'add', vector: wave(dModel), scale: 3 } as const,
      { hook: 'logits', op: 'add', vector: wave(vocabSize), scale: 3 } as const,
    ];
    const words: [Positions, number][] = [
      ['last_prompt', 3],
      ['all', 0],
      ['last_prompt_and_generated', 3],
      ['generated', 4],
    ];
    for (const [i, edit] of edits.entries()) {
      const [word, from] = words[i % 4]!;
      const { samples } = await model.generate(
        { tokens: [prompt] },
        { interventions: [{ ...edit, positions: word }], maxNewTokens: 4, eosIds: [] },
      );
      const ids = [...prompt];
      for (let step = 0; step < 4; step++) {
        const end = word === 'last_prompt' ? prompt.length : ids.length;
        const positions = Array.from({ length: end - from }, (_, k) => from + k);
        const { logits } = await model.forward([ids], {
          interventions: [{ ...edit, positions }],
          logits: 'last',
        });
        ids.push(logits.data.indexOf(Math.max(...logits.data)));
      }
      expect([edit.hook, word, samples[0]!.tokens]).toEqual([edit.hook, word, ids.slice(4)]);
    }
  });
});

describe('interventions', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(fixture('llama_f32/model'), { threads: 1 });
  });
  afterAll(() => model.close());
  const d = 64;
  const batch = [TOKENS, TOKENS.slice(0, 5), TOKENS.slice(3)];

  it.each([
    ['blocks.1.hook_resid_mid', 1, d],
    ['blocks.1.attn.hook_z', 4, 16],
    ['ln_final.hook_normalized', 1, d],
    ['logits', 1, 260],
  ])('at %s are what they say, one after the other', async (hook, groups, width) => {
    const before = (await model.forward(batch, { capture: [hook] })).cache.get(hook)!;
    const s = TOKENS.length;
    const positions = fc.oneof(
      fc.constantFrom<Positions>('all', 'last_prompt', 'generated', 'last_prompt_and_generated'),
      fc.uniqueArray(fc.integer({ min: -5, max: 4 }), {
        minLength: 1,
        maxLength: 3,
        selector: (p) => (p < 0 ? `${p}` : p),
      }),
    );
    const seed = fc.integer({ min: 0, max: 1000 });
    const vectors = (each: boolean, chosen: number, from: number) =>
      wave(each ? chosen * width : width, from);
    const edits = fc
      .record({
        positions,
        rows: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1 })),
        heads:
          groups === 1
            ? fc.constant(null)
            : fc.option(fc.uniqueArray(fc.integer({ min: 0, max: groups - 1 }), { minLength: 1 })),
        each: fc.boolean(),
        op: fc.constantFrom('add', 'scale', 'replace', 'project_out'),
        seed,
        strength: fc.constantFrom(-1, 0, 0.5, 1, 2),
      })
      .map(({ rows, heads, each, op, seed, strength, positions }) => {
        const chosen = heads?.length ?? groups;
        const target = { hook, positions, ...(rows && { rows }), ...(heads && { heads }) };
        const vector = vectors(each, chosen, seed);
        switch (op) {
          case 'scale':
            return { ...target, op, factor: strength } as const;
          case 'replace': {
            const n = each && Array.isArray(positions) ? positions.length : 1;
            const given = Array.from({ length: n }, (_, i) => [...vectors(each, chosen, i)]);
            const value = { dims: [n, vector.length], data: Float32Array.from(given.flat()) };
            return { ...target, op, value } as const;
          }
          default:
            return { ...target, op: op as 'add' | 'project_out', vector, scale: strength } as const;
        }
      });
    await fc.assert(
      fc.asyncProperty(fc.array(edits, { minLength: 1, maxLength: 6 }), async (plan) => {
        const { cache } = await model.forward(batch, { capture: [hook], interventions: plan });
        const after = cache.get(hook)!;
        for (const [row, ids] of batch.entries()) {
          for (let j = 0; j < ids.length; j++) {
            const from = (row * s + j) * groups * width;
            const h = Float64Array.from(before.data.subarray(from, from + groups * width));
            // float32 is as exact as the largest number on the way lets it be.
            let most = h.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
            for (const edit of plan) {
              applyTo(h, edit, { row, j, length: ids.length, groups, width });
              most = h.reduce((m, x) => Math.max(m, Math.abs(x)), most);
            }
            const got = after.data.subarray(from, from + groups * width);
            const apart = h.reduce((m, x, i) => Math.max(m, Math.abs(x - got[i]!)), 0);
            expect(apart).toBeLessThan(1e-5 * most);
          }
        }
      }),
      { seed: 1, numRuns: 25 },
    );
  });

  it('share a graph whatever their values, rows, heads and positions', async () => {
    const load = vi.spyOn(Device.prototype, 'load');
    const hook = 'blocks.1.hook_mlp_out';
    const edit = (more: object) =>
      ({ hook, op: 'add', vector: wave(d), positions: 'all', ...more }) as Intervention;
    const act = async (...interventions: Intervention[]) => {
      await model.forward(batch, { interventions });
      await model.generate({ tokens: batch }, { interventions, maxNewTokens: 2, eosIds: [] });
      return load.mock.calls.length;
    };
    const made = await act(edit({}));
    for (const scale of [-2, 0, 0.5, 8]) expect(await act(edit({ scale }))).toBe(made);
    for (const positions of ['last_prompt', 'generated', [0, -1], [3]]) {
      expect(await act(edit({ positions }))).toBe(made);
    }
    for (const rows of [[0], [2, 1], []]) expect(await act(edit({ rows }))).toBe(made);
    const sweep = [0, 1, 2].map((row) => edit({ rows: [row], scale: row }));
    expect(await act(...sweep)).toBe(made);
    const value = { dims: [d], data: wave(d) };
    expect(await act(edit({ op: 'scale', factor: 2 }), edit({ op: 'replace', value }))).toBe(made);

    const removed = edit({ op: 'project_out' });
    const other = await act(edit({}), removed);
    expect(other).toBe(made + 1);
    const each = [0, 1, 2].flatMap((row) => [
      edit({ rows: [row], vector: wave(d, row) }),
      edit({ rows: [row], vector: wave(d, row), op: 'project_out', scale: 0.5 }),
    ]);
    expect(await act(...each)).toBe(other);
    expect(await act(edit({}))).toBe(other);
    load.mockRestore();
  });

  it('feed one row of a table for each different case, and no more', () => {
    const vector = wave(d);
    const run = {
      prompts: [0, 1, 1],
      promptLengths: [9, 5, 5],
      starts: [0, 0, 0],
      length: 9,
      logitRows: [8, 13, 22],
    };
    const dims = (edit: object, hook = 'blocks.0.hook_resid_post') => {
      const intervention = { hook, op: 'add', vector, positions: 'all', ...edit } as Intervention;
      const feeds = new CompiledPlan([intervention], model.config, 2).feeds(run);
      const shape = (part: string) => (feeds[`${hook}.edit0.${part}`] as DeviceTensor).dims;
      return [shape('case'), shape('delta')];
    };
    expect(dims({})).toEqual([
      [1, 1],
      [1, d],
    ]);
    expect(dims({ rows: [1] })).toEqual([
      [3, 1],
      [2, d],
    ]);
    expect(dims({ positions: [0] })).toEqual([
      [1, 9],
      [2, d],
    ]);
    expect(dims({ positions: 'last_prompt' })).toEqual([
      [3, 9],
      [2, d],
    ]);
    const final = 'ln_final.hook_normalized';
    expect(dims({ positions: 'last_prompt' }, final)).toEqual([[1], [1, d]]);
    expect(dims({ rows: [0] }, final)).toEqual([[3], [2, d]]);
  });

  it("leave the prompt's cache shared where they cannot reach it", () => {
    const first = (hook: string, positions: Positions) =>
      new CompiledPlan([{ hook, op: 'scale', factor: 2, positions }], model.config, 1).firstChanged(
        0,
        5,
      );
    for (const hook of ['hook_embed', 'blocks.1.hook_resid_post', 'blocks.-1.attn.hook_in']) {
      expect(first(hook, 'all')).toBe(0);
      expect(first(hook, [3, 2])).toBe(2);
      expect(first(hook, [-1])).toBe(4);
      expect(first(hook, 'last_prompt_and_generated')).toBe(4);
      expect(first(hook, 'generated')).toBe(5);
    }
    for (const hook of ['blocks.-1.attn.hook_z', 'blocks.-1.hook_resid_post', 'logits']) {
      expect(first(hook, 'all')).toBe(5);
      expect(() => first(hook, [5])).toThrow('Position 5');
    }
  });

  it("take other libraries' names, and give back Suture's", async () => {
    const own: Intervention = {
      hook: 'blocks.1.hook_resid_post',
      op: 'add',
      vector: wave(d),
      positions: 'all',
    };
    const expected = await model.forward([TOKENS], { interventions: [own] });
    for (const hook of [1, '1', 'blocks.1.hook_out', 'model.layers[1].output[0]', -2]) {
      const edited = await model.forward([TOKENS], {
        interventions: [{ ...own, hook }],
        capture: [hook],
      });
      expect(edited.logits).toEqual(expected.logits);
      expect([...edited.cache.keys()]).toEqual([own.hook]);
    }
  });

  it('bind tokens where they act on logits', async () => {
    const ban = (positions: Positions): Intervention => ({
      hook: 'logits',
      op: 'add',
      vector: Float32Array.from({ length: 260 }, (_, id) => (id === 77 ? 100 : 0)),
      positions,
    });
    const tokens = async (...interventions: Intervention[]) => {
      const options = { interventions, maxNewTokens: 4, eosIds: [] };
      return (await model.generate({ tokens: [TOKENS] }, options)).samples[0]!.tokens;
    };
    const free = await tokens();
    expect(free).not.toContain(77);
    expect(await tokens(ban('all'))).toEqual([77, 77, 77, 77]);
    expect(await tokens(ban('generated'))).toEqual([free[0], 77, 77, 77]);
    expect((await tokens(ban('last_prompt')))[0]).toBe(77);
    expect(await tokens(ban('last_prompt'))).not.toEqual([77, 77, 77, 77]);
  });
});

interface Place {
  row: number;
  j: number;
  length: number;
  groups: number;
  width: number;
}

/** What an intervention does at one position, as its documentation says. */
function applyTo(h: Float64Array, edit: Intervention, { row, j, length, groups, width }: Place) {
  const { positions, rows, heads } = edit;
  if (rows && !rows.includes(row)) return;
  let index = 0;
  if (typeof positions !== 'string') {
    index = positions.map((p) => (p < 0 ? p + length : p)).indexOf(j);
    if (index < 0) return;
  } else if (positions === 'generated' || (positions !== 'all' && j < length - 1)) {
    return;
  }
  const chosen = heads ?? Array.from({ length: groups }, (_, group) => group);
  for (const [k, group] of chosen.entries()) {
    const x = h.subarray(group * width, (group + 1) * width);
    const own = (values: ArrayLike<number>, base: number, size: number, i: number) =>
      values[base + (size > width ? k * width : 0) + i]!;
    switch (edit.op) {
      case 'add':
        for (let i = 0; i < width; i++) {
          x[i]! += (edit.scale ?? 1) * own(edit.vector, 0, edit.vector.length, i);
        }
        break;
      case 'scale':
        for (let i = 0; i < width; i++) x[i]! *= edit.factor;
        break;
      case 'replace': {
        const [n, size] = edit.value.dims as [number, number];
        const base = n > 1 ? index * size : 0;
        for (let i = 0; i < width; i++) x[i] = own(edit.value.data, base, size, i);
        break;
      }
      case 'project_out': {
        const v = Array.from({ length: width }, (_, i) =>
          own(edit.vector, 0, edit.vector.length, i),
        );
        const square = v.reduce((sum, y) => sum + y * y, 0);
        const along = v.reduce((sum, y, i) => sum + y * x[i]!, 0) / square;
        for (let i = 0; i < width; i++) x[i]! -= (edit.scale ?? 1) * along * v[i]!;
      }
    }
  }
}
