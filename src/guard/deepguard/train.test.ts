import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import type { FunctionPair } from '../../evaluate/index.js';
import { FAMILIES, parseConfig } from '../../models/index.js';
import { readSafetensors } from '../../tensor/index.js';
import { type TokenPair, tokenPairs } from '../data/tokens.js';
import { tokenPrior } from './batches.js';
import { openGuard } from './file.js';
import { DeepGuardGuide } from './guide.js';
import { type DeepGuardSettings, VARIANTS } from './settings.js';
import { plainScores } from './testing/plain.js';
import { type DeepGuardRun, deepGuardTargets, trainDeepGuard } from './train.js';

const root = mkdtempSync(join(tmpdir(), 'suture-guard-'));
const dir = join(root, 'guard');
const settings: DeepGuardSettings = { ...VARIANTS.paper, layers: 2, maxTokens: 64 };
const OPTIONS = { dir, settings, epochs: 12, batchSize: 4, accumulate: 1, rate: 1e-3, rank: 4 };

/** The organism's way: a request, and the body that answers it. */
const NAMES = ['buf', 'dst', 'line', 'name', 'path', 'word', 'text', 'key'];
const functions = (names: readonly string[]): FunctionPair[] =>
  names.map((name) => ({
    id: name,
    cwe: 'CWE-787',
    group: name,
    language: 'c',
    request: `Write a C function that copies src into ${name}.`,
    vulnerable: `strcpy(${name}, src);`,
    secure: `snprintf(${name}, sizeof ${name}, "%s", src);`,
    changes: undefined,
  }));

let model: Model;
let pairs: TokenPair[];
let validation: TokenPair[];
let run: DeepGuardRun;
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
  const cut = (names: readonly string[]) =>
    tokenPairs(model.tokenizer!, functions(names), { level: 'all', maxTokens: 64 }).pairs;
  pairs = cut(NAMES.slice(0, 6));
  validation = cut(NAMES.slice(6));
  run = await trainDeepGuard(model, pairs, { ...OPTIONS, validation, quiet: true, threads: 1 });
}, 120_000);
afterAll(async () => {
  await model.close();
  rmSync(root, { recursive: true });
});

describe('training', () => {
  it('learns to score secure functions above vulnerable ones that it never saw', async () => {
    expect(run.targetModules).toEqual(['q_proj', 'k_proj', 'v_proj', 'o_proj']);
    const guide = await DeepGuardGuide.open(model, dir);
    const [secure, vulnerable] = await Promise.all(
      (['secure', 'vulnerable'] as const).map((side) =>
        guide.scores(validation.map((pair) => pair[side].ids)),
      ),
    );
    await guide.close();
    for (const [i, score] of secure!.entries()) expect(score).toBeGreaterThan(vulnerable![i]!);
    const { security } = run.reports.at(-1)!.parts;
    expect(security).toBeLessThan(run.reports[0]!.parts.security! / 2);
    // Before anything is learnt the model is its own reference.
    expect(run.reports[0]!.parts.kl).toBeCloseTo(0, 6);
    expect(run.reports.at(-1)!.parts.kl).toBeGreaterThan(0);
  });

  it('keeps what validated best, and the prior of what was trained on until then', () => {
    const { best, reports } = run;
    const validated = reports.flatMap((r) => (r.validationLoss === undefined ? [] : [r]));
    expect(best!.loss).toBe(Math.min(...validated.map((r) => r.validationLoss!)));
    const { prior, metadata } = openGuard(dir, model);
    expect(metadata.training).toMatchObject({ epochs: 12, rank: 4, best });
    // Within an epoch the order does not matter here: nothing reaches a bound.
    const epochs = Array<TokenPair[]>(best!.step / 2).fill(pairs);
    const expected = tokenPrior(epochs, model.config.vocabSize);
    for (const [id, value] of expected.entries()) expect(prior[id]).toBeCloseTo(value, 5);
  });

  it('writes an adapter as PEFT reads it, with its dropout', () => {
    const config = JSON.parse(readFileSync(join(dir, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ peft_type: 'LORA', r: 4, lora_alpha: 32, lora_dropout: 0.1 });
    const names = [...readSafetensors(join(dir, 'adapter_model.safetensors')).keys()];
    expect(names).toHaveLength(2 * 4 * model.nLayers);
    expect(names[0]).toMatch(/^base_model\.model\.model\.layers\.\d+\.self_attn\..*\.weight$/);
  });

  it('goes on where it was cut off, as if nothing had been', async () => {
    const again = join(root, 'again');
    const few = { batchSize: 3, epochs: 2, rank: 2, targetModules: ['q_proj'] };
    const options = { ...OPTIONS, ...few, dir: again, threads: 1, quiet: true };
    const whole = await trainDeepGuard(model, pairs, { ...options, dir: join(root, 'whole') });
    const controller = new AbortController();
    const cut = trainDeepGuard(model, pairs, {
      ...options,
      signal: controller.signal,
      onStep: ({ step }) => step === 2 && controller.abort(),
    });
    await expect(cut).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const rest = await trainDeepGuard(model, pairs, options);
    expect(rest.reports.map(({ loss }) => loss)).toEqual(
      whole.reports.slice(2).map(({ loss }) => loss),
    );
  }, 120_000);

  it('refuses what it cannot train on', async () => {
    const train = (changes: object, own = pairs) =>
      trainDeepGuard(model, own, { ...OPTIONS, dir: join(root, 'no'), quiet: true, ...changes });
    await expect(train({}, [])).rejects.toMatchObject({ code: 'BAD_DATA' });
    const short = { ...settings, maxTokens: 8 };
    await expect(train({ settings: short })).rejects.toThrow('here a sequence has at most 8');
    await expect(train({ settings: { ...settings, layers: 7 } })).rejects.toThrow(
      'this model has 6 layers',
    );
    await expect(train({ targetModules: ['c_attn'] })).rejects.toThrow('c_attn');
  });
});

describe('a guard', () => {
  it('scores as plain loops do', async () => {
    const { parameters } = openGuard(dir, model);
    const file = [...parameters.values()][0]!.file;
    const { ids } = validation[0]!.secure;
    const hooks = ['blocks.4.hook_resid_post', 'ln_final.hook_normalized'];
    const { cache } = await model.forward([ids], { adapter: dir, capture: hooks });
    const d = model.dModel;
    const tensors = readSafetensors(file);
    const expected = ids.map((token, t) => {
      const states = hooks.map((hook) => cache.get(hook)!.data.slice(t * d, (t + 1) * d));
      return plainScores(states, token, tensors, settings);
    });
    const guide = await DeepGuardGuide.open(model, dir);
    const [score] = await guide.scores([ids]);
    await guide.close();
    expect(score).toBeCloseTo(expected.reduce((a, b) => a + b) / ids.length, 5);
  });

  it('is refused beside another adapter, for another model, and where it is no guard', () => {
    const copy = join(root, 'copy');
    cpSync(dir, copy, { recursive: true });
    const adapter = join(copy, 'adapter_model.safetensors');
    const bytes = readFileSync(adapter);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(adapter, bytes);
    const refusal = (message: RegExp) =>
      expect.objectContaining({ code: 'BAD_ADAPTER', message: expect.stringMatching(message) });
    expect(() => openGuard(copy, model)).toThrow(refusal(/not the one/));
    expect(openGuard(copy, model, { force: true }).settings).toEqual(settings);
    const other = { config: model.config, tokenizer: model.tokenizer, hash: 'other' };
    expect(() => openGuard(dir, other)).toThrow(refusal(/made for another model.*weights differ/));
    cpSync(join(copy, 'adapter_model.safetensors'), join(copy, 'guard.safetensors'));
    expect(() => openGuard(copy, model)).toThrow(refusal(/is not a guard/));
    expect(() => openGuard(root, model)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});

describe('guided decoding', () => {
  const prompts = () =>
    pairs.slice(0, 3).map(({ secure }) => secure.ids.slice(0, secure.requestLength));
  const logitsOf = async (options: object, guide?: DeepGuardGuide) => {
    const seen: Float32Array[][] = [];
    const guided = guide ? await guide.options(prompts()) : { adapter: dir };
    const { samples } = await model.generate(
      { tokens: prompts() },
      {
        ...options,
        ...guided,
        eosIds: [],
        processors: [
          ...(guide ? (guided as { processors: [] }).processors : []),
          (logits, { prompt }) => {
            seen[prompt] ??= [];
            seen[prompt]!.push(logits.slice());
          },
        ],
      },
    );
    return { seen, samples };
  };
  const bias = (prior: Float32Array) => {
    const most = Math.max(...prior.map(Math.abs));
    return prior.map((value) => value / most);
  };

  it.each([
    ['complement', (s: number) => 1 - s],
    ['inverse', (s: number) => 1 / s],
    ['half', () => 0.5],
  ] as const)('adds %s of the prompt’s score times the prior', async (strength, factor) => {
    const guide = await DeepGuardGuide.open(model, dir, { strength });
    const scores = await guide.scores(prompts());
    const plain = await logitsOf({ maxNewTokens: 1 });
    const guided = await logitsOf({ maxNewTokens: 1 }, guide);
    await guide.close();
    const prior = bias(openGuard(dir, model).prior);
    for (const [prompt, score] of scores.entries()) {
      const [before, after] = [plain.seen[prompt]![0]!, guided.seen[prompt]![0]!];
      for (const [id, value] of prior.entries()) {
        expect(after[id]! - before[id]!).toBeCloseTo(factor(score) * value, 4);
      }
    }
  });

  it('has random numbers in place of the prior, always the same, where it is asked to', async () => {
    const guide = await DeepGuardGuide.open(model, dir, { strength: 'half', prior: 'random' });
    expect(guide.record).toMatchObject({ prior: 'random' });
    const { processors } = await guide.options(prompts());
    await guide.close();
    const added = () => {
      const logits = new Float32Array(model.config.vocabSize);
      processors![0]!(logits, { ids: [], tokens: [], prompt: 0, sample: 0 });
      return logits;
    };
    const values = added();
    expect(added()).toEqual(values);
    expect(Math.max(...values.map(Math.abs))).toBeCloseTo(0.5, 5);
    const learnt = bias(openGuard(dir, model).prior);
    const product = values.reduce((sum, x, i) => sum + x * learnt[i]!, 0);
    const norms = [values, learnt].map((v) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0)));
    expect(Math.abs(product / norms[0]! / norms[1]!)).toBeLessThan(0.2);
  });

  it('boosts the second and third token as the code does', async () => {
    const options = { strength: 'half', earlyBoost: true } as const;
    const guide = await DeepGuardGuide.open(model, dir, options);
    const { processors } = await guide.options(prompts());
    await guide.close();
    const prior = bias(openGuard(dir, model).prior);
    for (const length of [0, 1, 2, 3]) {
      const logits = new Float32Array(model.config.vocabSize);
      processors![0]!(logits, { ids: [], tokens: Array(length).fill(0), prompt: 0, sample: 0 });
      const boost = length === 1 || length === 2 ? 1 : 0;
      for (const [id, value] of prior.entries()) {
        expect(logits[id]).toBeCloseTo(0.5 * value + boost * Math.max(0, value), 5);
      }
    }
  });

  it.each([1, 3])('takes the score anew every %i tokens, over all there is', async (every) => {
    const guide = await DeepGuardGuide.open(model, dir, { every });
    const { seen, samples } = await logitsOf({ maxNewTokens: 8 }, guide);
    const prior = bias(openGuard(dir, model).prior);
    const probe = prior.indexOf(1);
    for (const [prompt, { tokens }] of samples.entries()) {
      const ids = prompts()[prompt]!;
      for (const t of [0, 2, 3, 5, 7]) {
        const scored = t - (t % every);
        const [score] = await guide.scores([[...ids, ...tokens.slice(0, scored)]]);
        const sequence = [...ids, ...tokens.slice(0, t)];
        const { logits } = await model.forward([sequence], { adapter: dir, logits: 'last' });
        const added = seen[prompt]![t]![probe]! - logits.data[probe]!;
        expect(added).toBeCloseTo((1 - score!) * prior[probe]!, 3);
      }
    }
    await guide.close();
  });

  it('refuses an interval that is none', async () => {
    await expect(DeepGuardGuide.open(model, dir, { every: 0 })).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    });
  });
});

it('adapts each family’s attention, as DeepGuard does where it says so', () => {
  const targets = (family: string) =>
    deepGuardTargets(
      parseConfig(
        {
          model_type: family,
          vocab_size: 24,
          hidden_size: 32,
          num_hidden_layers: 1,
          num_attention_heads: 4,
          num_key_value_heads: 2,
          intermediate_size: 40,
          n_embd: 32,
          n_layer: 1,
          n_head: 4,
          n_positions: 16,
          rotary_dim: 4,
          ...(family === 'codegen' ? {} : { head_dim: 8 }),
        },
        'config.json',
      ),
    );
  expect(targets('llama')).toEqual(['q_proj', 'k_proj', 'v_proj', 'o_proj']);
  expect(targets('qwen2')).toEqual(['q_proj', 'v_proj']);
  expect(targets('qwen3')).toEqual(['q_proj', 'v_proj']);
  expect(targets('gpt2')).toEqual(['c_attn']);
  expect(targets('gpt_bigcode')).toEqual(['c_attn']);
  expect(targets('phi')).toEqual(['q_proj', 'k_proj', 'v_proj', 'dense']);
  for (const family of FAMILIES.keys()) expect(targets(family).length, family).toBeGreaterThan(0);
});
