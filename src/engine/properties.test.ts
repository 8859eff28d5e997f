import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FAMILIES } from '../models/index.js';
import { relMax } from '../tensor/index.js';
import { type GenerateOptions, type Intervention, loadModel, type Model } from './index.js';
import { writeRandomModel } from './testing/random-model.js';

// What one forward pass over the whole sequence says must come out of every other way to compute
// it: step by step with a cache, in a batch, over a shared trunk, in chunks. Tokens exactly, logits
// to 2e-5.
const TOLERANCE = 2e-5;
const RUNS = 3;

const root = mkdtempSync(join(tmpdir(), 'suture-properties-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Fields = Record<string, fc.Arbitrary<unknown>>;
const heads = fc.constantFrom([4, 4], [4, 2], [6, 2], [4, 1]) as fc.Arbitrary<[number, number]>;

/** Configurations with Llama's names: three or so layers over a small vocabulary. */
const llamaLike = (model_type: string, more: Fields = {}) =>
  fc
    .record({
      heads,
      head_dim: fc.constantFrom(8, 12),
      num_hidden_layers: fc.integer({ min: 1, max: 3 }),
      intermediate_size: fc.constantFrom(24, 40),
      tie_word_embeddings: fc.boolean(),
      rope_theta: fc.constantFrom(100, 10000),
      ...more,
    })
    .map(({ heads: [n, kv], ...rest }) => ({
      model_type,
      vocab_size: 80,
      hidden_size: 36,
      max_position_embeddings: 4096,
      num_attention_heads: n,
      num_key_value_heads: kv,
      ...rest,
    }));

/** The same where heads have `hidden_size / heads` values, and each its own keys. */
const evenHeads = (model_type: string, more: Fields = {}) =>
  llamaLike(model_type, {
    ...more,
    head_dim: fc.constant(undefined),
    hidden_size: fc.constant(48),
    heads: fc.constantFrom([4, 4], [6, 6]),
  });

/** The same where query heads share keys. */
const groupedHeads = (model_type: string, more: Fields = {}) =>
  evenHeads(model_type, { ...more, heads: fc.constantFrom([4, 4], [4, 2], [6, 3]) });

/** Configurations with GPT-2's names. */
const gptLike = (model_type: string, more: Fields = {}) =>
  fc.record({
    model_type: fc.constant(model_type),
    vocab_size: fc.constant(80),
    n_embd: fc.constant(48),
    n_head: fc.constantFrom(4, 6),
    n_layer: fc.integer({ min: 1, max: 3 }),
    n_positions: fc.constant(1200),
    n_inner: fc.constantFrom(null, 40),
    activation_function: fc.constantFrom('gelu_new', 'relu'),
    tie_word_embeddings: fc.boolean(),
    ...more,
  });

const LLAMA3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
};
const YARN = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 64 };

/** Configurations of every family. */
const CONFIGS: Record<string, fc.Arbitrary<Record<string, unknown>>> = {
  llama: llamaLike('llama', {
    attention_bias: fc.boolean(),
    mlp_bias: fc.boolean(),
    rope_scaling: fc.constantFrom(null, { type: 'linear', factor: 4 }, LLAMA3, YARN),
  }),
  mistral: llamaLike('mistral', { sliding_window: fc.constantFrom(null, 3, 8, 40) }),
  qwen2: groupedHeads('qwen2', {
    sliding_window: fc.constantFrom(3, 8),
    use_sliding_window: fc.boolean(),
    max_window_layers: fc.constantFrom(0, 1),
  }),
  qwen3: llamaLike('qwen3', { attention_bias: fc.boolean() }),
  gemma: llamaLike('gemma'),
  gemma2: llamaLike('gemma2', {
    sliding_window: fc.constantFrom(3, 8),
    query_pre_attn_scalar: fc.constantFrom(8, 24),
    attn_logit_softcapping: fc.constantFrom(null, 5),
    final_logit_softcapping: fc.constantFrom(null, 6),
  }),
  phi3: groupedHeads('phi3', { sliding_window: fc.constantFrom(null, 5) }),
  starcoder2: groupedHeads('starcoder2', { sliding_window: fc.constantFrom(null, 5) }),
  stablelm: groupedHeads('stablelm', {
    use_qkv_bias: fc.boolean(),
    use_parallel_residual: fc.boolean(),
    partial_rotary_factor: fc.constantFrom(0.5, 1),
  }),
  phi: groupedHeads('phi', {
    qk_layernorm: fc.boolean(),
    partial_rotary_factor: fc.constantFrom(0.5, 1),
  }),
  gpt_neox: evenHeads('gpt_neox', {
    use_parallel_residual: fc.boolean(),
    attention_bias: fc.boolean(),
    rotary_pct: fc.constantFrom(0.5, 1),
  }),
  gpt2: gptLike('gpt2', { scale_attn_by_inverse_layer_idx: fc.boolean() }),
  gpt_bigcode: gptLike('gpt_bigcode', { multi_query: fc.boolean() }),
  gptj: gptLike('gptj', { rotary_dim: fc.constantFrom(4, 8) }),
  codegen: gptLike('codegen', { n_head: fc.constant(4), rotary_dim: fc.constantFrom(4, 8) }),
};

it('every family has configurations', () => {
  expect(Object.keys(CONFIGS).sort()).toEqual([...FAMILIES.keys()].sort());
});

const promptOf = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => (7 * i + 13 * seed + ((i * i) % 11)) % 80);

let models = 0;

/** Loads a random model of this configuration for the time of `use`. */
async function withModel(
  json: Record<string, unknown>,
  seed: number,
  use: (model: Model) => Promise<void>,
): Promise<void> {
  const dir = join(root, String(models++));
  writeRandomModel(dir, json, seed);
  const model = await loadModel(dir, { threads: 1 });
  try {
    await use(model);
  } finally {
    await model.close();
  }
}

/** Generates, and keeps the logits that every token was drawn from: [prompt][sample][step]. */
async function watch(model: Model, prompts: number[][], options: GenerateOptions) {
  const seen: Float32Array[][][] = prompts.map(() => []);
  const { samples } = await model.generate(
    { tokens: prompts },
    {
      eosIds: [],
      ...options,
      processors: [
        (logits, { prompt, sample }) => {
          seen[prompt]![sample] ??= [];
          seen[prompt]![sample]!.push(logits.slice());
        },
      ],
    },
  );
  return { samples, seen };
}

/** The logits after the last of these tokens, by one pass over all of them. */
async function whole(
  model: Model,
  ids: readonly number[],
  interventions: readonly Intervention[] = [],
): Promise<Float32Array> {
  return (await model.forward([ids], { logits: 'last', interventions })).logits.data;
}

describe.each(Object.keys(CONFIGS))('%s', { timeout: 60_000 }, (family) => {
  const check = (
    use: (model: Model, seed: number) => Promise<void>,
    options: { numRuns?: number } = {},
  ) =>
    fc.assert(
      fc.asyncProperty(CONFIGS[family]!, fc.integer({ min: 0, max: 999 }), (json, seed) =>
        withModel(json, seed, (model) => use(model, seed)),
      ),
      { seed: 1, numRuns: options.numRuns ?? RUNS, endOnFailure: true },
    );

  it('cached = uncached, batched = single', () =>
    check(async (model, seed) => {
      const prompts = [promptOf(9, seed), promptOf(1, seed), promptOf(14, seed + 1)];
      const options = { maxNewTokens: 6, temperature: 1, seed };
      const together = await watch(model, prompts, options);
      for (const [i, ids] of prompts.entries()) {
        const alone = await watch(model, [ids], options);
        const { tokens } = alone.samples[0]!;
        expect(together.samples[i]!.tokens).toEqual(tokens);
        for (const [step, logits] of alone.seen[0]![0]!.entries()) {
          const reference = await whole(model, [...ids, ...tokens.slice(0, step)]);
          expect(relMax(logits, reference)).toBeLessThan(TOLERANCE);
          expect(relMax(together.seen[i]![0]![step]!, reference)).toBeLessThan(TOLERANCE);
        }
      }
    }));

  it('shared prefix = private prefix, also for rows that join later', () =>
    check(
      async (model, seed) => {
        const ids = promptOf(11, seed);
        const n = 24; // a flight of its own
        const options = { temperature: 1, seed, maxNewTokens: 5, n };
        const shared = await watch(model, [ids], { ...options, maxBatch: 16 });
        expect(new Set(shared.samples.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(1);
        // One row after the other.
        const alone = await watch(model, [ids], { ...options, maxBatch: 1 });
        expect(shared.samples).toEqual(alone.samples);
        for (const [sample, steps] of shared.seen[0]!.entries()) {
          const { tokens } = shared.samples[sample]!;
          const reference = await whole(model, [...ids, ...tokens.slice(0, -1)]);
          expect(relMax(steps.at(-1)!, reference)).toBeLessThan(TOLERANCE);
        }
      },
      { numRuns: 2 },
    ));

  it('prompts with a common beginning share it, whatever acts on some of them', () =>
    check(async (model, seed) => {
      const trunk = promptOf(8, seed);
      const prompts = [[...trunk, 1, 2], [...trunk, 3], [...trunk, 4, 5, 6, 7], trunk];
      const vector = Float32Array.from({ length: model.dModel }, (_, i) => Math.sin(i + seed));
      const steer = (positions: Intervention['positions']): Intervention[] => [
        { hook: 'blocks.0.hook_resid_post', op: 'add', vector, positions, rows: [1] },
      ];
      for (const interventions of [[], steer('all'), steer('last_prompt_and_generated')]) {
        const { samples, seen } = await watch(model, prompts, { maxNewTokens: 3, interventions });
        for (const [i, ids] of prompts.entries()) {
          const own = interventions.map((edit) => ({ ...edit, rows: [0] }));
          const alone = await watch(model, [ids], {
            maxNewTokens: 3,
            interventions: i === 1 ? own : [],
          });
          expect(samples[i]!.tokens).toEqual(alone.samples[0]!.tokens);
          for (const [step, logits] of seen[i]![0]!.entries())
            expect(relMax(logits, alone.seen[0]![0]![step]!)).toBeLessThan(TOLERANCE);
        }
      }
    }));

  it('prompts that are edited from the same token on share what comes before it', () =>
    check(async (model, seed) => {
      const beginning = promptOf(8, seed);
      const prompts = [[...beginning, 1, 2], [...beginning, 3, 4], beginning, [...beginning, 5]];
      const wave = (phase: number) =>
        Float32Array.from({ length: model.dModel }, (_, i) => Math.sin(i + phase));
      const edit = (i: number, rows: number[]): Intervention => ({
        hook: 'blocks.0.hook_resid_post',
        op: 'add',
        vector: wave(seed + i),
        positions: i === 2 ? [5] : [5, 6],
        rows,
      });
      const { samples, seen } = await watch(model, prompts, {
        maxNewTokens: 2,
        maxBatch: 4,
        interventions: prompts.map((_, i) => edit(i, [i])),
      });
      for (const [i, ids] of prompts.entries()) {
        const alone = await watch(model, [ids], { maxNewTokens: 2, interventions: [edit(i, [0])] });
        expect(samples[i]!.tokens).toEqual(alone.samples[0]!.tokens);
        for (const [step, logits] of seen[i]![0]!.entries())
          expect(relMax(logits, alone.seen[0]![0]![step]!)).toBeLessThan(TOLERANCE);
      }
    }));

  it('chunked = whole prefill', () =>
    check(
      async (model, seed) => {
        const prompts = [promptOf(1100, seed), promptOf(513, seed + 1), promptOf(40, seed + 2)];
        const { seen } = await watch(model, prompts, { maxNewTokens: 1 });
        for (const [i, ids] of prompts.entries())
          expect(relMax(seen[i]![0]![0]!, await whole(model, ids))).toBeLessThan(TOLERANCE);
      },
      { numRuns: 2 },
    ));
});
