import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy } from '../../core/index.js';
import { Device, loadModel, type Model } from '../../engine/index.js';
import type { FunctionPair } from '../../evaluate/index.js';
import { FAMILIES, parseConfig } from '../../models/index.js';
import type { Tensor } from '../../tensor/index.js';
import { initialLora, loraTargets, Trainer, writeAdapter } from '../../train/index.js';
import type { FunctionSample } from '../data/samples.js';
import { type TokenPair, tokenPairs } from '../data/tokens.js';
import { divergence, fixture, lively, logSoftmax, mean, slopes } from '../testing/numeric.js';
import { expertSamples } from './samples.js';
import { type CoSecRun, coSecObjective, coSecTargets, trainCoSec } from './train.js';

const root = mkdtempSync(join(tmpdir(), 'suture-cosec-'));
afterAll(() => rmSync(root, { recursive: true }));

const sample = (ids: number[], learnt: number[]): FunctionSample => ({
  id: 'p',
  side: 'secure',
  cwe: undefined,
  language: undefined,
  ids,
  changed: ids.map((_, i) => learnt.includes(i)),
});
/** The last one is learnt whole: nothing was added in it. */
const BATCH = [
  sample([5, 9, 44, 12, 7], [2, 4]),
  sample([5, 9, 31, 200, 7, 7, 64], [1, 3, 6]),
  sample([8, 6, 4], [0, 1, 2]),
];

const MODELS: [string, string[]][] = [
  ['llama_f32', ['q_proj', 'v_proj']],
  ['gpt2_f32', ['c_attn']],
  ['gpt_neox_parallel_f16', ['query_key_value']],
];
describe.each(MODELS)('the loss on %s', (name, targetModules) => {
  const lora = { rank: 3, alpha: 6, targetModules };
  let model: Model;
  let device: Device;
  let tensors: Map<string, Tensor>;
  let make: (initial: ReadonlyMap<string, Tensor>) => Promise<Trainer<readonly FunctionSample[]>>;
  beforeAll(async () => {
    model = await loadModel(fixture(name), { threads: 1 });
    device = new Device({ threads: 1 });
    const { config, checkpoint } = model;
    expect(coSecTargets(config)).toEqual(targetModules);
    const modules = loraTargets(config, lora);
    tensors = lively(initialLora(config, modules, 1), 0.1);
    const trainable = { kind: 'lora', weights: checkpoint.weights, modules } as const;
    make = (initial) =>
      Trainer.of(device, coSecObjective(config, trainable, { dropout: 0, seed: 0 }), initial);
  });
  afterAll(async () => {
    await device.close();
    await model.close();
  });

  /** In float64 loops, from the engine's logits with the adapter in place. */
  async function plainLosses() {
    const adapter = join(root, name);
    writeAdapter(adapter, tensors, { ...lora, baseModel: name });
    const found = { secure: 0, kl: 0 };
    for (const { ids, changed } of BATCH) {
      const rowsOf = async (options: object) => {
        const { logits } = await model.forward([ids], options);
        const vocab = model.config.vocabSize;
        return ids.map((_, t) => logSoftmax(logits.data.slice(t * vocab, (t + 1) * vocab)));
      };
      const [expert, reference] = [await rowsOf({ adapter }), await rowsOf({})];
      const losses: number[] = [];
      const drifts: number[] = [];
      for (let j = 1; j < ids.length; j++) {
        if (changed[j]) losses.push(-expert[j - 1]![ids[j]!]!);
        else drifts.push(divergence(reference[j - 1]!, expert[j - 1]!));
      }
      found.secure += mean(losses) / BATCH.length;
      found.kl += (drifts.length > 0 ? mean(drifts) : 0) / BATCH.length;
    }
    return found;
  }

  it('is that of plain loops', async () => {
    const expected = await plainLosses();
    const options = { steps: 1, schedule: { peak: 1e-12 }, quiet: true };
    const [report] = await (await make(tensors)).run({ batch: () => BATCH }, options);
    expect(Object.keys(report!.parts)).toEqual(['secure', 'kl']);
    expect(report!.parts.secure).toBeCloseTo(expected.secure, 5);
    expect(report!.parts.kl).toBeCloseTo(expected.kl, 5);
    expect(report!.loss).toBeCloseTo(expected.secure + expected.kl, 4);
    expect(expected.kl).toBeGreaterThan(1e-4);
  });

  it('has the gradients of central differences', async () => {
    const gradients = await (await make(tensors)).gradients([BATCH]);
    const groups = groupBy([...gradients.keys()], (key) => /\w+\.lora_[AB]/.exec(key)![0]);
    expect(groups.size).toBe(2 * targetModules.length);
    for (const [group, keys] of groups) {
      const loss = async (changed: ReadonlyMap<string, Tensor>) =>
        (await make(changed)).evaluate([BATCH]);
      const { length, measured } = await slopes(tensors, gradients, keys, loss);
      expect(length, group).toBeGreaterThan(1e-3);
      expect(Math.abs(measured - length), group).toBeLessThan(3e-4 + 0.02 * length);
    }
  });
});

describe('training', () => {
  const functions = ['buf', 'dst', 'line', 'name'].map(
    (name): FunctionPair => ({
      id: name,
      cwe: 'CWE-787',
      group: name,
      language: 'c',
      request: `Write a C function that copies src into ${name}.`,
      vulnerable: `strcpy(${name}, src);`,
      secure: `snprintf(${name}, sizeof ${name}, "%s", src);`,
      changes: undefined,
    }),
  );
  const dir = join(root, 'expert');
  const options = { dir, rate: 2e-3, warmup: 2, quiet: true, threads: 1 };
  let model: Model;
  let pairs: TokenPair[];
  let run: CoSecRun;
  beforeAll(async () => {
    model = await loadModel('organism', { threads: 1 });
    pairs = tokenPairs(model.tokenizer!, functions, { level: 'char' }).pairs;
    run = await trainCoSec(model, pairs, options);
  });
  afterAll(() => model.close());

  it('makes what is secure more probable, with what CoSec’s code says', async () => {
    expect(run).toMatchObject({ steps: 16, samples: 4, unused: { tooLong: [] } });
    expect(run.targetModules).toEqual(['q_proj', 'v_proj']);
    const config = JSON.parse(readFileSync(join(dir, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ r: 8, lora_alpha: 16, lora_dropout: 0.05 });
    const bound = JSON.parse(readFileSync(join(dir, 'expert.json'), 'utf8'));
    expect(bound).toMatchObject({
      model: 'organism',
      model_hash: model.hash,
      training: { epochs: 8, rate: 2e-3, warmup: 2, rank: 8, seed: 3407 },
    });
    /** Over all changed tokens. */
    const logp = async (more: object) => {
      let sum = 0;
      for (const { secure } of pairs) {
        const { ids, changed } = secure;
        const { logits } = await model.forward([ids], more);
        const vocab = model.config.vocabSize;
        for (let j = 1; j < ids.length; j++) {
          const row = logits.data.slice((j - 1) * vocab, j * vocab);
          if (changed[j]) sum += logSoftmax(row)[ids[j]!]!;
        }
      }
      return sum;
    };
    expect(await logp({ adapter: dir })).toBeGreaterThan(await logp({}));
  });

  it('leads up to the rate in so many steps, and goes on where it was cut off', async () => {
    const few = { ...options, epochs: 2, rank: 2, warmup: 3 };
    const whole = await trainCoSec(model, pairs, { ...few, dir: join(root, 'whole') });
    const rates = whole.reports.map(({ learningRate }) => learningRate / few.rate);
    for (const [i, share] of [1 / 3, 2 / 3, 1].entries()) expect(rates[i]).toBeCloseTo(share);
    const controller = new AbortController();
    const again = { ...few, dir: join(root, 'again') };
    const cut = trainCoSec(model, pairs, {
      ...again,
      signal: controller.signal,
      onStep: ({ step }) => step === 2 && controller.abort(),
    });
    await expect(cut).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await trainCoSec(model, pairs, again);
    const adapter = (name: string) => readFileSync(join(root, name, 'adapter_model.safetensors'));
    expect(adapter('again').equals(adapter('whole'))).toBe(true);
  });

  it('learns a function whole in which nothing was added, and leaves out what is too long', async () => {
    const [removed] = tokenPairs(
      model.tokenizer!,
      [{ ...functions[0]!, vulnerable: 'gets(a);\nb();\n', secure: 'b();\n' }],
      { level: 'char' },
    ).pairs;
    expect(removed!.secure.changed).not.toContain(true);
    const { samples } = expertSamples([removed!, pairs[1]!], { maxTokens: 1024 });
    const { ids, requestLength } = removed!.secure;
    expect(samples[0]!.changed).toEqual(ids.map((_, i) => i >= requestLength));
    expect(samples[1]!.changed).toEqual(pairs[1]!.secure.changed);
    const { length } = pairs[1]!.secure.ids;
    const cut = expertSamples([removed!, pairs[1]!], { maxTokens: length - 1 });
    expect(cut.tooLong).toEqual(['dst']);
    const none = trainCoSec(model, pairs, { ...options, dir: join(root, 'no'), maxTokens: 8 });
    await expect(none).rejects.toThrow('nothing to learn from');
  });
});

it('adapts what PEFT does, in every family', () => {
  const targets = (family: string) =>
    coSecTargets(
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
    ).join();
  const others: Record<string, string> = {
    phi: 'q_proj,v_proj,fc1,fc2',
    phi3: 'qkv_proj',
    codegen: 'qkv_proj',
    gpt_bigcode: 'c_attn',
    gpt2: 'c_attn',
    gpt_neox: 'query_key_value',
  };
  for (const family of FAMILIES.keys())
    expect(targets(family), family).toBe(others[family] ?? 'q_proj,v_proj');
});
