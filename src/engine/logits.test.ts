import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relMax } from '../tensor/index.js';
import { type GenerateOptions, type LogitsContext, loadModel, type Model } from './index.js';
import { type LogitsOptions, logitsProcessors, logprobOf } from './logits.js';
import { fixture } from './testing/models.js';

/** What the processors make of these logits. */
function processed(
  options: LogitsOptions,
  logits: readonly number[],
  context: Partial<LogitsContext> = {},
): number[] {
  const row = Float32Array.from(logits);
  const whole = { ids: [], tokens: [], prompt: 0, sample: 0, ...context };
  for (const process of logitsProcessors(options, logits.length)) process(row, whole);
  return [...row];
}

describe('logits processors', () => {
  it('are none where nothing is asked', () => {
    expect(logitsProcessors({}, 10)).toEqual([]);
    expect(logitsProcessors({ repetitionPenalty: 1, noRepeatNgram: 0 }, 10)).toEqual([]);
  });

  it('add a bias', () => {
    const logitBias = { 0: 2, 2: Number.NEGATIVE_INFINITY };
    expect(processed({ logitBias }, [1, 2, 3])).toEqual([3, 2, Number.NEGATIVE_INFINITY]);
  });

  it('penalise repetition once for each token of prompt and completion', () => {
    const context = { ids: [0, 0], tokens: [1] };
    expect(processed({ repetitionPenalty: 2 }, [4, -4, 4], context)).toEqual([2, -8, 4]);
  });

  it('penalise use by count, and presence once, of generated tokens alone', () => {
    const context = { ids: [2], tokens: [0, 0, 1] };
    expect(processed({ frequencyPenalty: 1 }, [5, 5, 5], context)).toEqual([3, 4, 5]);
    expect(processed({ presencePenalty: 1 }, [5, 5, 5], context)).toEqual([4, 4, 5]);
  });

  it('forbid what would repeat a sequence', () => {
    const left = (noRepeatNgram: number, ids: number[], tokens: number[]) =>
      processed({ noRepeatNgram }, [1, 1, 1, 1], { ids, tokens }).flatMap((x, i) =>
        x === 1 ? [i] : [],
      );
    expect(left(2, [0, 1, 2], [0])).toEqual([0, 2, 3]); // 0 1 was there
    expect(left(3, [0, 1, 2], [3, 0, 1])).toEqual([0, 1, 3]); // 0 1 2 was there
    expect(left(1, [0], [2])).toEqual([1, 3]);
    expect(left(4, [0, 1], [])).toEqual([0, 1, 2, 3]);
  });

  it('never let a sequence of n come twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 99 }), (n, seed) => {
        const tokens: number[] = [];
        for (let step = 0; step < 8; step++) {
          const logits = Array.from({ length: 12 }, (_, i) => Math.sin(i * 7 + seed * step));
          const out = processed({ noRepeatNgram: n }, logits, { tokens });
          tokens.push(out.indexOf(Math.max(...out)));
        }
        const grams = tokens.slice(n - 1).map((_, i) => tokens.slice(i, i + n).join());
        expect(new Set(grams).size).toBe(grams.length);
      }),
      { seed: 1 },
    );
  });

  it.each([
    [{ logitBias: { 10: 1 } }, 'there is no token 10'],
    [{ logitBias: { 1.5: 1 } }, 'there is no token 1.5'],
    [{ logitBias: { 1: Number.NaN } }, 'the bias of token 1 is NaN'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty must be above 0'],
    [{ frequencyPenalty: Number.NaN }, 'frequencyPenalty must be a number'],
    [{ presencePenalty: Number.POSITIVE_INFINITY }, 'presencePenalty must be a number'],
    [{ noRepeatNgram: -1 }, 'noRepeatNgram must be a whole number'],
  ])('refuse %j', (options, message) => {
    expect(() => logitsProcessors(options, 10)).toThrow(message);
  });
});

describe('log-probabilities', () => {
  it('are those of the softmax, the most probable first', () => {
    const logits = Float32Array.of(0, Math.log(2), Math.log(5), Math.log(2));
    const { token, logprob, top } = logprobOf(logits, 0, 3);
    expect(token).toBe(0);
    expect(logprob).toBeCloseTo(Math.log(0.1), 6);
    expect(top.map(({ token }) => token)).toEqual([2, 1, 3]);
    expect(top[0]!.logprob).toBeCloseTo(Math.log(0.5), 6);
    expect(logprobOf(logits, 1, 0).top).toEqual([]);
  });

  it('list the same tokens as sorting does', () => {
    const row = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(row, fc.integer({ min: 0, max: 6 }), (values, count) => {
        const logits = Float32Array.from(values);
        const sorted = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
        const { top } = logprobOf(logits, 0, count);
        expect(top.map(({ token }) => token)).toEqual(sorted.slice(0, count));
      }),
      { seed: 1 },
    );
  });
});

describe('in a generation', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(fixture('llama_f32/model'), { threads: 1 });
  });
  afterAll(() => model.close());
  const one = async (options: GenerateOptions) => {
    const full = { maxNewTokens: 6, eosIds: [], ...options };
    return (await model.generate({ tokens: [[40, 41, 42]] }, full)).samples[0]!;
  };

  it('log-probabilities are the model’s own, whatever is done to the logits', async () => {
    const plain = await one({ logprobs: 2 });
    const first = plain.tokens[0]!;
    const biased = await one({ logprobs: 2, logitBias: { [first]: Number.NEGATIVE_INFINITY } });
    expect(biased.tokens).not.toContain(first);
    expect(biased.logprobs).toHaveLength(6);
    expect(biased.logprobs![0]!.top).toEqual(plain.logprobs![0]!.top);
    expect(biased.logprobs![0]!.token).toBe(biased.tokens[0]);
    expect(biased.logprobs![0]!.logprob).toBeLessThan(plain.logprobs![0]!.logprob);
    expect('logprobs' in (await one({}))).toBe(false);
  });

  it('processors see where each row stands, and decide', async () => {
    const seen: LogitsContext[] = [];
    const { tokens } = await one({
      maxNewTokens: 3,
      processors: [
        (logits, context) => {
          seen.push({ ...context, tokens: [...context.tokens] });
          logits.fill(Number.NEGATIVE_INFINITY);
          logits[7 + context.tokens.length] = 0;
        },
      ],
    });
    expect(tokens).toEqual([7, 8, 9]);
    expect(seen.map(({ tokens }) => tokens)).toEqual([[], [7], [7, 8]]);
    expect(seen[0]).toMatchObject({ ids: [40, 41, 42], prompt: 0, sample: 0 });
  });

  it('a watch sees what a whole pass computes, of every row that goes on', async () => {
    const hooks = ['blocks.-2.hook_resid_post', 'ln_final.hook_normalized'];
    const prompts = [
      [40, 41, 42],
      [7, 8],
      [40, 41, 9, 3],
    ];
    const seen = new Map<string, number[][]>();
    const { samples } = await model.generate(
      { tokens: prompts },
      {
        maxNewTokens: 4,
        eosIds: [],
        watch: {
          hooks,
          look: async (rows) => {
            await Promise.resolve();
            for (const { context, states } of rows) {
              const key = `${context.prompt}:${context.tokens.length}`;
              seen.set(
                key,
                states.map((state) => [...state]),
              );
            }
          },
        },
      },
    );
    expect(seen.size).toBe(3 * 4);
    for (const [prompt, ids] of prompts.entries()) {
      const whole = [...ids, ...samples[prompt]!.tokens];
      const { cache } = await model.forward([whole], { capture: hooks });
      const d = model.dModel;
      for (let t = 0; t < 4; t++) {
        const at = ids.length - 1 + t;
        const captured = [...cache.values()].map(({ data }) => data.slice(at * d, (at + 1) * d));
        for (const [i, state] of seen.get(`${prompt}:${t}`)!.entries()) {
          expect(relMax(state, captured[i]!)).toBeLessThan(1e-4);
        }
      }
    }
    const pattern = { hooks: ['blocks.0.attn.hook_pattern'], look: () => {} };
    await expect(one({ watch: pattern })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });

  it('that forbids every token is refused', async () => {
    const run = one({ processors: [(logits) => logits.fill(Number.NEGATIVE_INFINITY)] });
    await expect(run).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining('Every token is forbidden'),
    });
    await expect(one({ logprobs: -1 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
  });
});
