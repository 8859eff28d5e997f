import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relMax } from '../tensor/index.js';
import {
  type CompletionOptions,
  type Gate,
  type Intervention,
  loadModel,
  type Model,
} from './index.js';
import { fixture } from './testing/models.js';

const HOOK = 'blocks.0.hook_resid_post';
const PROMPTS = [
  [41, 7, 200, 7, 93],
  [41, 7, 12],
  [5, 6, 7, 8, 9, 10, 11],
  [41, 7, 200, 7, 94],
];
/** Those of them that are steered, and by which intervention. */
const CHOSEN = new Map([
  [1, 0],
  [3, 1],
]);
const OPTIONS: CompletionOptions = { maxNewTokens: 10, n: 2, temperature: 1, seed: 3, eosIds: [] };

describe('a gate', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel(fixture('llama_f32/model'), { threads: 2 });
  });
  afterAll(() => model.close());

  const steer = (layer: number, seed: number, more: Partial<Intervention> = {}): Intervention =>
    ({
      hook: `blocks.${layer}.hook_resid_post`,
      op: 'add',
      vector: Array.from({ length: model.dModel }, (_, i) => 3 * Math.sin((i + 1) * (seed + 1))),
      positions: 'last_prompt_and_generated',
      ...more,
    }) as Intervention;
  const byPrompt: Gate = {
    hook: HOOK,
    choose: (_, { prompt }) => (CHOSEN.has(prompt) ? [CHOSEN.get(prompt)!] : []),
  };
  const greatest = (values: Float32Array) => values.indexOf(Math.max(...values));

  /** Samples, with the logits of every step by (prompt, sample). */
  async function run(more: Partial<CompletionOptions>) {
    const logits = new Map<string, Float32Array[]>();
    const { samples } = await model.generate(
      { tokens: PROMPTS },
      {
        ...OPTIONS,
        ...more,
        processors: [
          (values, { prompt, sample }) => {
            const key = `${prompt}/${sample}`;
            logits.set(key, [...(logits.get(key) ?? []), values.slice()]);
          },
        ],
      },
    );
    return { samples, logits };
  }

  it('leaves rows that it steers not to the bit as they are without, beside rows that it steers', async () => {
    const interventions = [steer(0, 1), steer(1, 2)];
    const plain = await run({});
    const gated = await run({ interventions, gate: byPrompt });
    const named = await run({
      interventions: interventions.map((edit, i) => ({
        ...edit,
        rows: [...CHOSEN].flatMap(([prompt, chosen]) => (chosen === i ? [prompt] : [])),
      })),
    });
    for (const [i, sample] of gated.samples.entries()) {
      const key = `${sample.prompt}/${sample.sample}`;
      if (CHOSEN.has(sample.prompt)) {
        expect(sample).toEqual(named.samples[i]);
        expect(sample.tokens).not.toEqual(plain.samples[i]!.tokens);
      } else {
        expect(sample).toEqual(plain.samples[i]);
        expect(gated.logits.get(key)).toEqual(plain.logits.get(key));
      }
    }
  });

  it('is given the state at the last prompt token, whatever acts there', async () => {
    const last = `blocks.${model.nLayers - 1}.hook_resid_post`;
    const states: Float32Array[] = [];
    const gate: Gate = {
      hook: -1,
      choose: (state, { prompt, tokens }) => {
        expect(tokens).toBe(0);
        states[prompt] = state;
        return [0];
      },
    };
    await run({ interventions: [steer(-1, 1)], gate, n: 1 });
    for (const [i, ids] of PROMPTS.entries()) {
      const { cache } = await model.forward([ids], {
        capture: [last],
        positions: 'last',
        logits: [],
      });
      expect(relMax(states[i]!, cache.get(last)!.data)).toBeLessThan(1e-5);
    }
  });

  it('is asked again as told: each token is that of a whole pass with what acted written out', async () => {
    // On for the first three tokens, off for three, on again.
    const chosen = (tokens: number) => (tokens % 6 === 0 ? [0] : []);
    const asked: number[] = [];
    const gate: Gate = {
      hook: HOOK,
      every: 3,
      choose: (_, { tokens }) => {
        asked.push(tokens);
        return chosen(tokens);
      },
    };
    const prompt = PROMPTS[0]!;
    const edit = steer(0, 1);
    const { samples } = await model.generate(
      { tokens: [prompt] },
      { maxNewTokens: 10, eosIds: [], interventions: [edit], gate },
    );
    expect(asked).toEqual([0, 3, 6, 9]);
    const { tokens } = samples[0]!;
    for (let n = 0; n < tokens.length; n++) {
      const acted = Array.from({ length: n + 1 }, (_, k) => k).filter(
        (k) => chosen(k - (k % 3)).length > 0,
      );
      const positions = acted.map((k) => prompt.length - 1 + k);
      const { logits } = await model.forward([[...prompt, ...tokens.slice(0, n)]], {
        interventions: [{ ...edit, positions }],
        logits: 'last',
      });
      expect(greatest(logits.data)).toBe(tokens[n]);
    }
  });

  it('works alike in a batch that calls join and leave, and its failure ends its own call alone', async () => {
    const batch = model.continuous();
    const interventions = [steer(0, 1), steer(1, 2)];
    const gated = { ...OPTIONS, interventions, gate: byPrompt };
    const failing: Gate = {
      hook: 1,
      choose: () => {
        throw new Error('no answer');
      },
    };
    const [own, plain, failed] = await Promise.allSettled([
      batch.generate(PROMPTS, gated),
      batch.generate(PROMPTS, OPTIONS),
      batch.generate(PROMPTS, { ...OPTIONS, interventions: [steer(0, 4)], gate: failing }),
    ]);
    expect(own).toEqual({
      status: 'fulfilled',
      value: (await model.generate({ tokens: PROMPTS }, gated)).samples,
    });
    expect(plain).toEqual({ status: 'fulfilled', value: (await run({})).samples });
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'no answer' } });
  });

  it.each<[string, Partial<Gate>, Partial<Intervention>, string]>([
    ['several hooks', { hook: 'blocks.*.hook_resid_post' }, {}, 'one residual stream'],
    ['no residual stream', { hook: 'logits' }, {}, 'one residual stream'],
    ['no tokens between', { every: 0 }, {}, 'every must be a whole number above 0'],
    ['a choice that is not there', { choose: () => [1] }, {}, 'chose intervention 1'],
    ['earlier tokens edited', {}, { positions: 'all' }, 'acts on tokens before it'],
  ])('is refused: %s', async (_, gate, edit, words) => {
    const refused = run({ interventions: [steer(0, 1, edit)], gate: { ...byPrompt, ...gate } });
    await expect(refused).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringContaining(words),
    });
  });
});
