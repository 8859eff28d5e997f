import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type CompletionOptions,
  type ContinuousBatch,
  Device,
  type DeviceTensor,
  type Intervention,
  loadModel,
  type Model,
  type Sample,
} from './index.js';
import { fixture } from './testing/models.js';

let model: Model;
beforeAll(async () => {
  model = await loadModel(fixture('llama_f32/model'), { threads: 1 });
});
afterAll(() => model.close());

const steer = (layer: number, seed: number, more: Partial<Intervention> = {}): Intervention =>
  ({
    hook: `blocks.${layer}.hook_resid_post`,
    op: 'add',
    vector: Array.from({ length: 64 }, (_, i) => 4 * Math.sin((i + 1) * (seed + 1))),
    positions: 'all',
    ...more,
  }) as Intervention;

interface Call {
  prompts: number[][];
  options: CompletionOptions;
}

/** Calls that have nothing in common but the model. */
const CALLS: Call[] = [
  { prompts: [[40, 41, 42]], options: { maxNewTokens: 9 } },
  { prompts: [[1], [7, 8, 9]], options: { maxNewTokens: 3, temperature: 1, seed: 3, n: 2 } },
  { prompts: [[40, 41, 42]], options: { maxNewTokens: 12, interventions: [steer(1, 1)] } },
  {
    prompts: [
      [99, 3],
      [5, 6, 7],
    ],
    options: { maxNewTokens: 6, interventions: [steer(0, 2, { rows: [1] })], logprobs: 2 },
  },
  { prompts: [[100, 101]], options: { maxNewTokens: 4, logitBias: { 7: 100 } } },
  {
    prompts: [Array.from({ length: 700 }, (_, i) => (i * 7) % 256)],
    options: { maxNewTokens: 5, interventions: [steer(0, 3, { positions: [600] })] },
  },
  {
    prompts: [[50, 51, 52]],
    options: { maxNewTokens: 20, temperature: 1, seed: 9, stop: ['a', 'e', 'i', 'o'] },
  },
];

const aloneOf = async ({ prompts, options }: Call): Promise<Sample[]> =>
  (await model.generate({ tokens: prompts }, options)).samples;

/** Lets what is decoded go on for a while. */
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
};

/** Log-probabilities differ in the last digits with the shape of the batch. */
const tokensOf = (samples: readonly Sample[]) =>
  samples.map(({ logprobs: _, ...rest }) => ({ ...rest }));

describe('a call gets what it would get alone', () => {
  let alone: Sample[][];
  beforeAll(async () => {
    alone = [];
    for (const call of CALLS) alone.push(await aloneOf(call));
  });

  it.each([1, 3, 16])('with %i rows, whatever joins and leaves', async (maxRows) => {
    const batch = model.continuous({ maxRows, keptTokens: 800 });
    const order = fc.shuffledSubarray([...CALLS.keys(), ...CALLS.keys()], { minLength: 8 });
    await fc.assert(
      fc.asyncProperty(order, fc.array(fc.nat(4)), async (calls, pauses) => {
        const all = calls.map(async (index, i) => {
          await turns(i + (pauses[i] ?? 0));
          const { prompts, options } = CALLS[index]!;
          return batch.generate(prompts, options);
        });
        for (const [i, samples] of (await Promise.all(all)).entries())
          expect(tokensOf(samples)).toEqual(tokensOf(alone[calls[i]!]!));
        expect(batch.load).toEqual({ active: 0, waiting: 0 });
      }),
      { numRuns: 4 },
    );
  });

  it('with log-probabilities, also piece by piece', async () => {
    const { prompts, options } = CALLS[3]!;
    const told: (number | undefined)[] = [];
    const batch = model.continuous();
    const [samples] = await Promise.all([
      batch.generate(prompts, {
        ...options,
        onText: ({ prompt, logprobs }) => {
          if (prompt === 0) told.push(...logprobs!.map(({ token }) => token));
        },
      }),
      batch.generate([[1, 2, 3]]),
    ]);
    for (const [i, { logprobs }] of samples.entries()) {
      for (const [j, { logprob, top }] of logprobs!.entries()) {
        const expected = alone[3]![i]!.logprobs![j]!;
        expect(logprob).toBeCloseTo(expected.logprob, 4);
        expect(top.map(({ token }) => token)).toEqual(expected.top.map(({ token }) => token));
      }
    }
    expect(told).toEqual(samples[0]!.tokens.slice(0, told.length));
    expect(told.length).toBeGreaterThan(0);
  });

  it('where edits are compiled in ahead', async () => {
    const batch = model.continuous();
    batch.reserve(['blocks.0.hook_resid_post', 'blocks.1.hook_resid_post']);
    const all = await Promise.all(
      CALLS.map(({ prompts, options }) => batch.generate(prompts, options)),
    );
    expect(all.map(tokensOf)).toEqual(alone.map(tokensOf));
    expect(() => batch.reserve(['blocks.9.hook_resid_post'])).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT' }),
    );
  });

  it('when others are cancelled: waiting, taken in or decoded', async () => {
    const batch = model.continuous({ maxRows: 4, keptTokens: 800 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40), { minLength: 14, maxLength: 14 }), async (delays) => {
        const all = delays.map(async (delay, i) => {
          const { prompts, options } = CALLS[i % CALLS.length]!;
          if (i % 2 === 0) return batch.generate(prompts, options);
          const cancel = new AbortController();
          void turns(delay).then(() => cancel.abort('enough'));
          return batch.generate(prompts, { ...options, signal: cancel.signal }).catch((thrown) => {
            expect(thrown).toMatchObject({ code: 'INTERRUPTED', cause: 'enough' });
            return undefined;
          });
        });
        for (const [i, samples] of (await Promise.all(all)).entries()) {
          if (i % 2 === 0 || samples)
            expect(tokensOf(samples!)).toEqual(tokensOf(alone[i % CALLS.length]!));
        }
        expect(batch.load).toEqual({ active: 0, waiting: 0 });
      }),
      { numRuns: 4 },
    );
  });
});

describe('what is kept of prompts', () => {
  const long = Array.from({ length: 90 }, (_, i) => (i * 5) % 256);
  const ask = async (batch: ContinuousBatch, ids: number[], options: CompletionOptions = {}) => {
    const run = vi.spyOn(Device.prototype, 'run');
    const asked = { maxNewTokens: 3, eosIds: [], ...options };
    const samples = await batch.generate([ids], asked);
    const read = run.mock.calls.reduce((sum, [, feeds]) => {
      const [b = 0, s = 0] = (feeds.tokens as DeviceTensor).dims;
      return sum + b * s;
    }, 0);
    run.mockRestore();
    expect(tokensOf(samples)).toEqual(tokensOf(await aloneOf({ prompts: [ids], options: asked })));
    return read;
  };

  it('is not read again: all of it, what others begin with, and not what differs', async () => {
    const batch = model.continuous({ keptTokens: 400 });
    expect(await ask(batch, long)).toBe(89 + 3);
    expect(await ask(batch, long)).toBe(3);
    expect(await ask(batch, [...long, 1, 2])).toBe(2 + 3);
    expect(await ask(batch, [...long.slice(0, 40), 1, 2, 3])).toBe(2 + 3);
    expect(await ask(batch, long.slice(1))).toBe(88 + 3);
    const late = steer(0, 1, { positions: 'last_prompt_and_generated' });
    expect(await ask(batch, long, { interventions: [late] })).toBe(3);
  });

  it('is never what was edited', async () => {
    const batch = model.continuous({ keptTokens: 200 });
    const edited = { interventions: [steer(0, 1)] };
    expect(await ask(batch, long, edited)).toBe(89 + 3);
    expect(await ask(batch, long, edited)).toBe(89 + 3);
    expect(await ask(batch, long)).toBe(89 + 3);
    expect(await ask(batch, long, edited)).toBe(89 + 3);
    // Nor of a call that is cancelled while it is taken in.
    const fresh = model.continuous({ keptTokens: 2000 });
    const longer = Array.from({ length: 600 }, (_, i) => (i * 11) % 256);
    const cancel = new AbortController();
    const cancelled = fresh.generate([longer], { ...edited, signal: cancel.signal });
    cancel.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await fresh.idle();
    expect(await ask(fresh, longer)).toBe(599 + 3);
  });

  it('is as much as it may be, the last used', async () => {
    const batch = model.continuous({ keptTokens: 200 });
    const others = [1, 2, 3].map((k) => long.map((id) => (id + k) % 256));
    for (const ids of others) await ask(batch, ids);
    expect(await ask(batch, others[2]!)).toBe(3);
    expect(await ask(batch, others[1]!)).toBe(3);
    expect(await ask(batch, others[0]!)).toBe(89 + 3);
    expect(await ask(batch, others[1]!)).toBe(3);
    expect(await ask(batch, others[2]!)).toBe(89 + 3);
  });
});

describe('one call and the others', () => {
  it('those who come first are served first', async () => {
    const batch = model.continuous({ maxRows: 1 });
    const ended: number[] = [];
    await Promise.all(
      [3, 1, 2].map(async (maxNewTokens) => {
        await batch.generate([[1, 2, 3]], { maxNewTokens, eosIds: [] });
        ended.push(maxNewTokens);
      }),
    );
    expect(ended).toEqual([3, 1, 2]);
  });

  it('a short call does not wait for a long one', async () => {
    const batch = model.continuous({ maxRows: 2 });
    const ended: string[] = [];
    const long = batch.generate([[1, 2, 3]], { maxNewTokens: 60, eosIds: [] });
    await turns(5);
    const short = batch.generate([[4, 5]], { maxNewTokens: 2, eosIds: [] });
    await Promise.all([long.then(() => ended.push('long')), short.then(() => ended.push('short'))]);
    expect(ended).toEqual(['short', 'long']);
  });

  it('what one does wrong fails that one alone', async () => {
    const batch = model.continuous();
    const [good, ...bad] = await Promise.allSettled([
      batch.generate([[1, 2, 3]], { maxNewTokens: 8 }),
      batch.generate([[1, 2, 3]], { interventions: [steer(7, 1)] }),
      batch.generate([[1, 2, 3]], { interventions: [steer(1, 1, { positions: [3] })] }),
      batch.generate([[1, 2, 3]], { interventions: [steer(1, 1, { rows: [1] })] }),
      batch.generate([[1, 2, 9999]]),
      batch.generate([[]]),
      batch.generate([[1]], { signal: AbortSignal.abort() }),
      batch.generate([[1, 2]], { interventions: [steer(1, 1, { scale: 1e38 })] }),
      batch.generate([[1, 2]], {
        onText: () => {
          throw new RangeError('mine');
        },
      }),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled', value: [{ tokens: expect.any(Array) }] });
    const reasons = bad.map((one) => (one.status === 'rejected' ? one.reason : undefined));
    expect(reasons.map((reason) => reason?.code ?? reason?.message)).toEqual([
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'BAD_ARGUMENT',
      'INTERRUPTED',
      'ENGINE',
      'mine',
    ]);
  });

  it('an engine that fails tells everyone, and the batch can be asked again', async () => {
    const other = await loadModel(fixture('llama_f32/model'), { threads: 1 });
    const batch = other.continuous({ maxRows: 1 });
    const calls = [1, 2, 3].map(() => batch.generate([[1, 2, 3]], { eosIds: [] }));
    const settled = Promise.allSettled(calls);
    await turns(2);
    await other.close();
    for (const one of await settled)
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ENGINE' } });
    await expect(batch.generate([[1]])).rejects.toMatchObject({ code: 'ENGINE' });
  });

  it('refuses a batch of no rows', () => {
    expect(() => model.continuous({ maxRows: 0 })).toThrow('maxRows');
  });
});
