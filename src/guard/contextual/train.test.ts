import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../engine/index.js';
import type { FunctionPair } from '../../evaluate/index.js';
import { logProbabilities } from '../../stats/index.js';
import { readTensor } from '../../tensor/index.js';
import { type TokenPair, tokenPairs } from '../data/tokens.js';
import { DeepGuardGuide } from '../deepguard/guide.js';
import { biases } from './calibrate.js';
import type { OrdinaryText } from './decisions.js';
import { openContextual } from './file.js';
import { ContextualGuide } from './guide.js';
import { embeddingOf } from './keys.js';
import { ordinaryTexts } from './ordinary.js';
import { CONTEXTUAL } from './settings.js';
import { plainReading, plainScore } from './testing/plain.js';
import { type ContextualRun, trainContextual } from './train.js';

const root = mkdtempSync(join(tmpdir(), 'suture-contextual-'));
const dir = join(root, 'guard');
const settings = { ...CONTEXTUAL, width: 16, budget: 0.3 };
const PACE = {
  epochs: 6,
  batchSize: 4,
  accumulate: 1,
  rate: 1e-3,
  rank: 4,
  threads: 1,
  quiet: true,
};

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
let ordinary: { train: OrdinaryText[]; validation: OrdinaryText[] };
let run: ContextualRun;
const asked = (name: string) =>
  model.encode({
    messages: [{ role: 'user', content: `Write a C function that copies src into ${name}.` }],
  });
beforeAll(async () => {
  model = await loadModel('organism', { threads: 1 });
  const cut = (names: readonly string[]) =>
    tokenPairs(model.tokenizer!, functions(names), { level: 'token', maxTokens: 64 }).pairs;
  pairs = cut(NAMES.slice(0, 6));
  validation = cut(NAMES.slice(6));
  const requests = [
    'add two numbers',
    'reverse a list',
    'sum a list',
    'find the largest number',
  ].map((task) => ({ id: task, base: task, prompt: `Write a Python function to ${task}.` }));
  const texts = await ordinaryTexts(model, requests, { maxNewTokens: 24 });
  ordinary = { train: texts.slice(0, 2), validation: texts.slice(1) };
  run = await trainContextual(model, pairs, { ...PACE, dir, settings, validation, ordinary });
}, 120_000);
afterAll(async () => {
  await model.close();
  rmSync(root, { recursive: true });
});

describe('training', () => {
  it('learns where secure and vulnerable code part, and which token is the secure one', () => {
    expect(run.adapter!.targetModules).toEqual(['q_proj', 'v_proj']);
    expect(run.layers.map(({ name }) => name)).toEqual(['none', 'CWE-787 c', 'candidates']);
    for (const { reads } of run.layers) {
      expect(reads.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 5);
    }
    expect(run.acting.trials.at(-1)!.secure).toBeGreaterThanOrEqual(run.acting.trials[0]!.secure);
    expect(run.ordinary).toMatchObject({ prompts: 3, budget: 0.3 });
    const { settings: kept, metadata, adapter } = openContextual(dir, model);
    expect(kept).toMatchObject({ strength: run.acting.strength, threshold: run.acting.threshold });
    expect(metadata.method).toBe('contextual');
    expect(adapter).toBe(dir);
    // States are kept no longer than they are needed.
    expect(existsSync(join(dir, 'states'))).toBe(false);
    expect(run.analyser.parameters).toBeLessThan(20_000);
  });

  it('takes what the model writes itself for ordinary code', async () => {
    const [first] = ordinary.train;
    const { samples } = await model.generate(
      { tokens: [first!.ids.slice(0, first!.requestLength)] },
      { maxNewTokens: 24, eosIds: model.endIds({ messages: [] }) },
    );
    expect(first!.ids.slice(first!.requestLength)).toEqual(samples[0]!.tokens);
  });

  it('goes on where it was cut off, as if nothing had been', async () => {
    const options = { ...PACE, epochs: 2, settings, validation, ordinary };
    const whole = join(root, 'whole');
    await trainContextual(model, pairs, { ...options, dir: whole });
    for (const stop of [2, 7]) {
      const again = join(root, `again-${stop}`);
      const controller = new AbortController();
      let steps = 0;
      const cut = trainContextual(model, pairs, {
        ...options,
        dir: again,
        signal: controller.signal,
        onStep: () => ++steps === stop && controller.abort(),
      });
      await expect(cut).rejects.toMatchObject({ code: 'INTERRUPTED' });
      await trainContextual(model, pairs, { ...options, dir: again });
      for (const file of ['guard.safetensors', 'adapter_model.safetensors']) {
        expect(readFileSync(join(again, file)).equals(readFileSync(join(whole, file)))).toBe(true);
      }
    }
  }, 120_000);

  it('refuses what it cannot train on, or calibrate by', async () => {
    const train = (changes: object, own = pairs) =>
      trainContextual(model, own, {
        ...PACE,
        dir: join(root, 'no'),
        settings,
        validation,
        ordinary,
        ...changes,
      });
    await expect(train({}, [])).rejects.toMatchObject({ code: 'BAD_DATA' });
    await expect(train({ validation: [] })).rejects.toThrow('set some apart');
    await expect(train({ settings: { ...settings, maxTokens: 8 } })).rejects.toThrow('at most 8');
    await expect(train({ targetModules: ['c_attn'] })).rejects.toThrow('c_attn');
    const few = { ...settings, budget: 0.05 };
    await expect(train({ settings: few, adapted: false })).rejects.toThrow('needs 19 ordinary');
  }, 60_000);
});

describe('guiding', () => {
  const guided = async (options: object, prompts = asked('out'), more: object = {}) => {
    const guide = await ContextualGuide.open(model, dir, options);
    const { samples } = await model.generate(
      { tokens: prompts },
      { maxNewTokens: 12, temperature: 0.9, n: 3, ...(await guide.options()), ...more },
    );
    await guide.close();
    return { texts: samples.map(({ text }) => text), activity: guide.activity };
  };

  it('changes nothing, to the bit, where no decision is likely', async () => {
    const plain = await model.generate(
      { tokens: asked('out') },
      { maxNewTokens: 12, temperature: 0.9, n: 3, adapter: dir },
    );
    const { texts, activity } = await guided({ threshold: 1, strength: 8 });
    expect(texts).toEqual(plain.samples.map(({ text }) => text));
    expect(activity.acted).toBe(0);
    expect(activity.tokens).toBeGreaterThan(0);
    const all = await guided({ threshold: 0, strength: 8 });
    expect(all.activity.acted).toBe(all.activity.tokens);
    expect(all.texts).not.toEqual(texts);
    const untouched = await model.generate(
      { tokens: asked('out') },
      { maxNewTokens: 12, temperature: 0.9, n: 3 },
    );
    const bare = await guided({ threshold: 1, adapted: false });
    expect(bare.texts).toEqual(untouched.samples.map(({ text }) => text));
  });

  it('adds to candidates’ logits what their scores in this context say', async () => {
    const [ids] = asked('out');
    const guide = await ContextualGuide.open(model, dir, { threshold: 0, strength: 1.5 });
    const options = await guide.options();
    let [before, after] = [new Float32Array(), new Float32Array()];
    await model.generate(
      { tokens: [ids!] },
      {
        maxNewTokens: 1,
        ...options,
        processors: [
          (logits) => (before = logits.slice()),
          ...options.processors!,
          (logits) => (after = logits.slice()),
        ],
      },
    );
    await guide.close();
    const { parameters, settings: kept, priors, adapter } = openContextual(dir, model);
    const { cache } = await model.forward([ids!], {
      capture: kept.hooks,
      positions: 'last',
      adapter,
      logits: [],
    });
    const states = kept.hooks.map((hook) => cache.get(hook)!.data);
    const { risk, query } = plainReading(states, parameters);
    const classes = logProbabilities(Float32Array.from(risk)).map(Math.exp);
    const table = readTensor(embeddingOf(model.config, model.checkpoint.weights)).data;
    const d = model.dModel;
    const order = [...before.keys()].sort((a, b) => before[b]! - before[a]! || a - b);
    const top = order.slice(0, kept.candidates);
    const scores = top.map((token) => {
      const place = priors.tokens.indexOf(token);
      // There is one class beside none: its prior counts in full.
      const prior = place < 0 ? 0 : priors.logOdds[place]!;
      return plainScore(query, table.subarray(token * d, (token + 1) * d), prior, parameters);
    });
    expect(classes).toHaveLength(2);
    const expected = biases(
      scores,
      top.map((token) => before[token]!),
      1.5,
    );
    for (const [i, token] of top.entries()) {
      expect(after[token]! - before[token]!).toBeCloseTo(expected[i]!, 3);
    }
    for (const token of order.slice(kept.candidates)) expect(after[token]).toBe(before[token]);
    expect(Math.max(...expected)).toBeGreaterThan(0.01);
  });

  it('acts beside a steering vector', async () => {
    const vector = Float32Array.from({ length: model.dModel }, (_, i) => (i % 2 === 0 ? 2 : -2));
    const interventions = [
      { hook: 'blocks.2.hook_resid_post', op: 'add' as const, vector, positions: 'all' as const },
    ];
    const alone = await guided({ threshold: 0, strength: 8 });
    const both = await guided({ threshold: 0, strength: 8 }, asked('out'), { interventions });
    expect(both.texts).not.toEqual(alone.texts);
  });

  it('guides a batch as it guides each row alone', async () => {
    const many = NAMES.flatMap((name) => asked(name));
    const together = await guided({ threshold: 0.2, strength: 4 }, many);
    for (const [i, prompt] of many.entries()) {
      const alone = await guided({ threshold: 0.2, strength: 4 }, [prompt]);
      expect(together.texts.slice(3 * i, 3 * (i + 1))).toEqual(alone.texts);
    }
  }, 30_000);

  it('is refused beside another model or adapter, as another method, or with settings that make no sense', async () => {
    const other = await loadModel('organism', { threads: 1 });
    Object.defineProperty(other, 'hash', { value: 'another' });
    await expect(ContextualGuide.open(other, dir)).rejects.toMatchObject({ code: 'BAD_ADAPTER' });
    await other.close();
    await expect(DeepGuardGuide.open(model, dir)).rejects.toThrow('of the method contextual');
    await expect(ContextualGuide.open(model, dir, { strength: -1 })).rejects.toThrow('0 or more');
    await expect(ContextualGuide.open(model, dir, { threshold: 2 })).rejects.toThrow('probability');
  });
});
