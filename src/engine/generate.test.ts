import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GenerateOptions, type Intervention, loadModel, type Model } from './index.js';
import { changeTensors, copyOf, fixture } from './testing/models.js';

let model: Model;
beforeAll(async () => {
  model = await loadModel(fixture('llama_f32/model'), { threads: 1 });
});
afterAll(() => model.close());

const PROMPTS = [
  [40, 41, 42],
  [1],
  [7, 8, 9, 10, 11, 12, 13, 14, 15],
  [40, 41, 42, 43],
  [99, 3],
  [100, 101, 102, 103, 104, 105],
  [7, 8, 9, 10],
  [200],
];
const SAMPLING = { temperature: 1, topP: 0.95, seed: 5, maxNewTokens: 12, eosIds: [] };
const tokensOf = async (prompts: readonly (readonly number[])[], options: GenerateOptions) => {
  const { samples } = await model.generate({ tokens: prompts }, options);
  return samples.map(({ tokens }) => tokens);
};

/** A direction of the residual stream, long enough to change what is said. */
const direction = (seed: number) =>
  Array.from({ length: 64 }, (_, i) => 4 * Math.sin((i + 1) * (seed + 1)));
const steer = (seed: number, changes: Partial<Intervention> = {}): Intervention =>
  ({
    hook: 'blocks.1.hook_resid_post',
    op: 'add',
    vector: direction(seed),
    positions: 'all',
    ...changes,
  }) as Intervention;

describe('samples depend on prompt, seed and number alone', () => {
  let alone: number[][];
  beforeAll(async () => {
    alone = (await Promise.all(PROMPTS.map((p) => tokensOf([p], { ...SAMPLING, n: 2 })))).flat();
  });

  it('and differ from one another', () => {
    expect(new Set(alone.map(String)).size).toBe(2 * PROMPTS.length);
  });

  it.each([1, 3, 64])('not on maxBatch %i', async (maxBatch) => {
    expect(await tokensOf(PROMPTS, { ...SAMPLING, n: 2, maxBatch })).toEqual(alone);
  });

  it('not on the order of the prompts', async () => {
    const turned = await tokensOf(PROMPTS.toReversed(), { ...SAMPLING, n: 2 });
    const pairs = PROMPTS.map((_, i) => turned.slice(2 * i, 2 * i + 2));
    expect(pairs.toReversed().flat()).toEqual(alone);
  });

  it('not on how many others are drawn, or how long', async () => {
    const four = await tokensOf([PROMPTS[0]!], { ...SAMPLING, n: 4 });
    expect(four.slice(0, 2)).toEqual(alone.slice(0, 2));
    expect(new Set(four.map(String)).size).toBe(4);
    const [short] = await tokensOf([PROMPTS[0]!], { ...SAMPLING, maxNewTokens: 5 });
    expect(short).toEqual(alone[0]!.slice(0, 5));
  });

  it('but on the seed', async () => {
    expect(await tokensOf(PROMPTS, { ...SAMPLING, n: 2, seed: 6 })).not.toEqual(alone);
  });

  it('not on which samples are skipped; each is told as it ends', async () => {
    const told: string[] = [];
    const { samples } = await model.generate(
      { tokens: PROMPTS },
      {
        ...SAMPLING,
        n: 2,
        skip: (prompt, sample) => (prompt + sample) % 2 === 0,
        onSample: ({ prompt, sample }) => told.push(`${prompt} ${sample}`),
      },
    );
    expect(samples).toHaveLength(PROMPTS.length);
    for (const { prompt, sample, tokens } of samples) {
      expect((prompt + sample) % 2).toBe(1);
      expect(tokens).toEqual(alone[2 * prompt + sample]);
    }
    const names = samples.map(({ prompt, sample }) => `${prompt} ${sample}`);
    expect(told.sort()).toEqual(names.sort());
  });

  it('in the order (prompt, sample)', async () => {
    const { samples } = await model.generate({ tokens: PROMPTS }, { ...SAMPLING, n: 2 });
    const order = samples.map(({ prompt, sample }) => [prompt, sample]);
    expect(order).toEqual(PROMPTS.flatMap((_, prompt) => [0, 1].map((n) => [prompt, n])));
  });
});

describe('the end of a completion', () => {
  const prompt = { tokens: [PROMPTS[0]!] };
  const options = { ...SAMPLING, maxNewTokens: 40 };
  const free = async () => (await model.generate(prompt, options)).samples[0]!;

  it('length', async () => {
    const { tokens, finishReason } = await free();
    expect(tokens).toHaveLength(40);
    expect(finishReason).toBe('length');
  });

  it('eos: the token is kept, its text is not', async () => {
    const whole = await free();
    const eos = whole.tokens[9]!;
    const length = whole.tokens.indexOf(eos) + 1;
    const { samples } = await model.generate(prompt, { ...options, eosIds: [eos, 257] });
    const { tokens, text, finishReason } = samples[0]!;
    expect(finishReason).toBe('eos');
    expect(tokens).toEqual(whole.tokens.slice(0, length));
    expect(text).toBe(model.tokenizer!.decode(tokens.slice(0, -1), { skipSpecialTokens: true }));
  });

  it("eos: by default the model's own", async () => {
    // Prompts are many, so that some sample meets token 257.
    const prompts = Array.from({ length: 32 }, (_, i) => [i]);
    const sampling = { ...SAMPLING, temperature: 3, topP: 1, maxNewTokens: 40 };
    const endless = await tokensOf(prompts, sampling);
    expect(endless.some((tokens) => tokens.includes(257))).toBe(true);
    const { eosIds, ...withDefault } = sampling;
    const ended = endless.map((tokens) =>
      tokens.includes(257) ? tokens.slice(0, tokens.indexOf(257) + 1) : tokens,
    );
    expect(await tokensOf(prompts, withDefault)).toEqual(ended);
  });

  it('stop: the text ends before the stop text', async () => {
    const whole = await free();
    const stop = whole.text.slice(10, 13);
    const { samples } = await model.generate(prompt, { ...options, stop: ['never', stop] });
    const { text, tokens, finishReason } = samples[0]!;
    expect(finishReason).toBe('stop');
    expect(text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(tokens).toEqual(whole.tokens.slice(0, tokens.length));
    expect(tokens.length).toBeLessThan(40);
  });

  it('rows that end early leave the others as they are', async () => {
    const endless = await tokensOf(PROMPTS, options);
    const eosIds = [endless[0]![3]!, endless[5]![0]!, endless[2]![20]!];
    const cut = endless.map((tokens) => {
      const end = tokens.findIndex((token) => eosIds.includes(token));
      return end < 0 ? tokens : tokens.slice(0, end + 1);
    });
    expect(new Set(cut.map(({ length }) => length)).size).toBeGreaterThan(2);
    expect(await tokensOf(PROMPTS, { ...options, eosIds })).toEqual(cut);
  });
});

describe('text', () => {
  it('comes in pieces that make the whole', async () => {
    const pieces = new Map<string, string>();
    const { samples } = await model.generate(
      { text: ['int main', 'é'] },
      {
        ...SAMPLING,
        maxNewTokens: 60,
        n: 3,
        stop: ['q', 'zz'],
        onText: ({ prompt, sample, text }) => {
          expect(text).not.toBe('');
          const key = `${prompt} ${sample}`;
          pieces.set(key, (pieces.get(key) ?? '') + text);
        },
      },
    );
    expect(samples).toHaveLength(6);
    for (const { prompt, sample, text } of samples) {
      expect(pieces.get(`${prompt} ${sample}`) ?? '').toBe(text);
    }
  });

  it('is the decoded tokens, without special ones', async () => {
    const options = { ...SAMPLING, temperature: 4, topP: 1, maxNewTokens: 100, n: 4 };
    const { samples } = await model.generate({ text: 'x' }, options);
    expect(samples.some(({ tokens }) => tokens.some((id) => id >= 256))).toBe(true);
    for (const { tokens, text } of samples) {
      expect(text).toBe(model.tokenizer!.decode(tokens, { skipSpecialTokens: true }));
    }
  });

  it('prompts are texts or their tokens', async () => {
    const ids = model.tokenizer!.encode('def f(');
    const [fromText, fromTokens] = await Promise.all([
      model.generate({ text: 'def f(' }, SAMPLING),
      model.generate({ tokens: [ids] }, SAMPLING),
    ]);
    expect(fromText).toEqual(fromTokens);
  });

  it('nothing to do gives nothing', async () => {
    expect(await model.generate({ tokens: [] })).toEqual({ samples: [] });
  });

  it('progress counts completions up to all of them', async () => {
    const seen: string[] = [];
    await model.generate(
      { tokens: PROMPTS },
      { ...SAMPLING, maxBatch: 3, onProgress: (done, total) => seen.push(`${done}/${total}`) },
    );
    expect(seen.at(-1)).toBe('8/8');
    expect(seen).toEqual(expect.arrayContaining(['0/8', '3/8', '6/8']));
  });
});

describe('the cache', () => {
  /** Greedy tokens from whole forward passes. */
  const uncached = async (prompt: readonly number[], n: number) => {
    const ids = [...prompt];
    for (let i = 0; i < n; i++) {
      const { logits } = await model.forward([ids], { logits: 'last' });
      ids.push(logits.data.indexOf(Math.max(...logits.data)));
    }
    return ids.slice(prompt.length);
  };

  it('grows beyond its first slots', async () => {
    const long = Array.from({ length: 60 }, (_, i) => (i * 37) % 256);
    const prompts = [long, long.slice(0, 50), [5]];
    const expected = await Promise.all(prompts.map((prompt) => uncached(prompt, 80)));
    expect(await tokensOf(prompts, { maxNewTokens: 80, eosIds: [] })).toEqual(expected);
  });

  it('is shared by equal prompts, whatever acts on each', async () => {
    const ids = PROMPTS[2]!;
    const options = { maxNewTokens: 10, eosIds: [] };
    const only = async (...interventions: Intervention[]) =>
      (await tokensOf([ids], { ...options, interventions }))[0];
    const last = { positions: 'last_prompt_and_generated' } as const;
    const first: Partial<Intervention> = { positions: [0, -2] };
    const removed: Intervention = {
      hook: 'blocks.0.hook_resid_mid',
      op: 'project_out',
      vector: direction(3),
      positions: 'generated',
    };
    const replaced: Intervention = {
      hook: 'blocks.-1.hook_resid_pre',
      op: 'replace',
      value: { dims: [2, 64], data: Float32Array.from([...direction(4), ...direction(5)]) },
      positions: [-1, 2],
    };
    const plans = [
      [],
      [steer(0)],
      [steer(0, last)],
      [steer(1, last), steer(2, first)],
      [],
      [removed],
      [replaced, removed],
    ];
    const expected = await Promise.all(plans.map((plan) => only(...plan)));
    expect(new Set(expected.map(String)).size).toBeGreaterThan(4);
    const interventions = plans.flatMap((plan, row) =>
      plan.map((intervention) => ({ ...intervention, rows: [row] })),
    );
    const prompts = plans.map(() => ids);
    expect(await tokensOf(prompts, { ...options, interventions })).toEqual(expected);
    expect(await tokensOf(prompts, { ...options, interventions, maxBatch: 2 })).toEqual(expected);
  });
});

describe('interventions', () => {
  it('take plain numbers as they take Float32Array', async () => {
    const run = async (vector: number[] | Float32Array) =>
      (await model.forward([PROMPTS[0]!], { interventions: [{ ...steer(0), vector } as never] }))
        .logits.data;
    const plain = await run(direction(0));
    expect(plain).toEqual(await run(Float32Array.from(direction(0))));
    expect(plain).not.toEqual((await model.forward([PROMPTS[0]!])).logits.data);
  });

  it('of strength 0 change nothing', async () => {
    const { logits } = await model.forward([PROMPTS[2]!]);
    for (const op of ['add', 'project_out'] as const) {
      const none = steer(0, { op, scale: 0 } as Partial<Intervention>);
      const edited = await model.forward([PROMPTS[2]!], { interventions: [none] });
      expect(edited.logits.data).toEqual(logits.data);
    }
  });

  it('that add up at one hook do so', async () => {
    const sum = direction(0).map((x, i) => x + 0.5 * direction(1)[i]!);
    const both = [steer(0), steer(1, { scale: 0.5 } as Partial<Intervention>)];
    const one = await model.forward([PROMPTS[2]!], {
      interventions: [{ ...steer(0), vector: sum } as Intervention],
    });
    const two = await model.forward([PROMPTS[2]!], { interventions: both });
    for (const [i, x] of one.logits.data.entries()) expect(two.logits.data[i]).toBeCloseTo(x, 4);
  });

  it('act in the order given: what is projected out after an addition is gone', async () => {
    const hook = 'blocks.2.hook_resid_post';
    const vector = direction(0);
    const along = async (...ops: ('add' | 'project_out')[]) => {
      const interventions = ops.map((op) => ({ hook, op, vector, positions: 'all' }) as const);
      const { cache } = await model.forward([[1, 2]], { capture: [hook], interventions });
      const last = cache.get(hook)!.data.slice(64);
      return Math.abs(last.reduce((sum, x, i) => sum + x * vector[i]!, 0));
    };
    expect(await along('add', 'project_out')).toBeLessThan(1e-3);
    expect(await along('project_out', 'add')).toBeGreaterThan(1);
  });
});

describe('forward', () => {
  it("gives with logits 'last' the last rows of 'all'", async () => {
    const batch = [PROMPTS[0]!, PROMPTS[2]!, PROMPTS[1]!];
    const all = (await model.forward(batch)).logits;
    const last = (await model.forward(batch, { logits: 'last', capture: ['logits'] })).logits;
    expect(all.dims).toEqual([3, 9, 260]);
    expect(last.dims).toEqual([3, 260]);
    for (const [row, ids] of batch.entries()) {
      const from = (row * 9 + ids.length - 1) * 260;
      const got = last.data.subarray(row * 260, (row + 1) * 260);
      for (const [i, x] of got.entries()) expect(x).toBeCloseTo(all.data[from + i]!, 5);
    }
  });

  it('gives what is captured in its shape', async () => {
    const capture = ['*', 'blocks.-1.attn.*', 'blocks.0.hook_mlp_out', 'ln_final.*'];
    const { cache } = await model.forward([[1, 2, 3], [4]], { capture });
    expect(Object.fromEntries([...cache].map(([name, { dims }]) => [name, dims]))).toEqual({
      hook_embed: [2, 3, 64],
      'blocks.2.attn.hook_in': [2, 3, 64],
      'blocks.2.attn.hook_pattern': [2, 4, 3, 3],
      'blocks.2.attn.hook_z': [2, 3, 4, 16],
      'blocks.0.hook_mlp_out': [2, 3, 64],
      'ln_final.hook_normalized': [2, 3, 64],
      logits: [2, 3, 260],
    });
  });
});

describe('several things at once', () => {
  it('more structures than are kept ready, side by side', async () => {
    const structures = Array.from({ length: 7 }, (_, i): Intervention[] =>
      Array.from({ length: i }, (_, k) =>
        steer(k, { hook: `blocks.${k % 3}.hook_mlp_out`, op: k % 2 === 0 ? 'add' : 'project_out' }),
      ),
    );
    const options = { maxNewTokens: 6, eosIds: [] };
    const run = (interventions: Intervention[]) =>
      tokensOf([PROMPTS[0]!], { ...options, interventions });
    const together = await Promise.all(structures.map(run));
    for (const [i, interventions] of structures.entries()) {
      expect(together[i]).toEqual(await run(interventions));
    }
  });
});

describe('interruption', () => {
  it('before the first token', async () => {
    const run = model.generate({ tokens: PROMPTS }, { ...SAMPLING, signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('in the middle; the model can be used again', async () => {
    const controller = new AbortController();
    let steps = 0;
    const run = model.generate(
      { tokens: PROMPTS },
      {
        ...SAMPLING,
        maxNewTokens: 1000,
        signal: controller.signal,
        onProgress: () => {
          if (++steps === 3) controller.abort(new Error('enough'));
        },
      },
    );
    await expect(run).rejects.toMatchObject({
      code: 'INTERRUPTED',
      cause: expect.objectContaining({ message: 'enough' }),
    });
    expect(steps).toBe(3);
    expect(await tokensOf([[1]], SAMPLING)).toHaveLength(1);
  });
});

it('weights may begin at any byte of their file', async () => {
  const dir = copyOf('llama_f32/model');
  const path = join(dir, 'model.safetensors');
  const bytes = readFileSync(path);
  const length = bytes.readBigUInt64LE(0) + 1n;
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length);
  const header = bytes.subarray(8, 7 + Number(length));
  writeFileSync(
    path,
    Buffer.concat([start, header, Buffer.from(' '), bytes.subarray(7 + Number(length))]),
  );
  const shifted = await loadModel(dir, { threads: 1 });
  const { logits } = await shifted.forward([PROMPTS[2]!]);
  expect(logits).toEqual((await model.forward([PROMPTS[2]!])).logits);
  await shifted.close();
});

describe('a model stored as bf16', () => {
  it('is converted once, and again when its file changes', async () => {
    const dir = copyOf('qwen2_tied_bf16/model');
    const run = async () => {
      const loaded = await loadModel(dir, { threads: 1 });
      const { logits } = await loaded.forward([[1, 2, 3]]);
      await loaded.close();
      return { hash: loaded.hash, logits: logits.data };
    };
    const converted = () => readdirSync(join(process.env.SUTURE_CACHE!, 'f32')).length;
    const first = await run();
    expect(await run()).toEqual(first);
    expect(converted()).toBe(1);
    changeTensors(join(dir, 'model.safetensors'), 'bf16', (tensors) => {
      tensors.get('model.norm.weight')!.data.fill(0.5);
    });
    const other = await run();
    expect(converted()).toBe(2);
    expect(other.hash).not.toBe(first.hash);
    expect(other.logits).not.toEqual(first.logits);
  });
});
