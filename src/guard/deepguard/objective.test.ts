import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy, Random } from '../../core/index.js';
import { Device, loadModel, type Model } from '../../engine/index.js';
import type { Tensor } from '../../tensor/index.js';
import {
  initialLora,
  type LoraSettings,
  loraTargets,
  Trainer,
  writeAdapter,
} from '../../train/index.js';
import type { TokenPair } from '../data/tokens.js';
import { analyserShapes, initialAnalyser } from './analyser.js';
import { DeepGuardObjective } from './objective.js';
import { type DeepGuardSettings, VARIANTS } from './settings.js';
import { stateHooks } from './states.js';
import { plainScores } from './testing/plain.js';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../fixtures/${name}/model`, import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'suture-deepguard-'));
afterAll(() => rmSync(root, { recursive: true }));

const sequence = (...ids: number[]) => ({ ids, requestLength: 0, changed: ids.map(() => true) });
const pair = (vulnerable: number[], secure: number[]): TokenPair => ({
  id: 'p',
  cwe: undefined,
  group: 'g',
  language: undefined,
  vulnerable: sequence(...vulnerable),
  secure: sequence(...secure),
});
const BATCH = [
  pair([5, 9, 31, 200, 7, 7, 64], [5, 9, 44, 12, 7, 64]),
  pair([1, 2, 3, 4], [1, 2, 3, 90, 91, 4, 17, 8]),
];

const logSoftmax = (logits: Float32Array): number[] => {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, x) => total + Math.exp(x - most), 0);
  return [...logits].map((x) => x - most - Math.log(sum));
};
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const MODELS: [string, string[]][] = [
  ['llama_f32', ['q_proj', 'v_proj']],
  ['gpt2_f32', ['c_attn']],
  ['gemma2_bf16', ['o_proj']],
];
describe.each(MODELS)('on %s', (name, targetModules) => {
  let model: Model;
  let device: Device;
  let initial: (settings: DeepGuardSettings) => Map<string, Tensor>;
  let make: (
    settings: DeepGuardSettings,
    tensors: ReadonlyMap<string, Tensor>,
  ) => Promise<Trainer<readonly TokenPair[]>>;
  const lora: LoraSettings = { rank: 3, alpha: 6, targetModules };
  beforeAll(async () => {
    model = await loadModel(fixture(name), { threads: 1 });
    device = new Device({ threads: 1 });
    const { config, checkpoint } = model;
    const modules = loraTargets(config, lora);
    // No parameter is zero, so that none can be forgotten.
    const lively = (tensors: Map<string, Tensor>, size: number) =>
      new Map(
        [...tensors].map(([key, { dims, data }]) => {
          const random = new Random('lively', key);
          return [key, { dims, data: data.map((x) => x + size * random.normal()) }];
        }),
      );
    initial = (settings) =>
      new Map([
        ...lively(initialLora(config, modules, 1), 0.1),
        ...lively(initialAnalyser(config, settings, 1), 0.05),
      ]);
    make = (settings, tensors) => {
      const trainable = { kind: 'lora', weights: checkpoint.weights, modules } as const;
      const objective = new DeepGuardObjective(config, trainable, {
        settings,
        dropout: 0,
        seed: 0,
      });
      return Trainer.of(device, objective, tensors);
    };
  });
  afterAll(async () => {
    await device.close();
    await model.close();
  });

  /** The losses in float64 loops, from what the engine captures with the adapter in place. */
  async function plainLosses(settings: DeepGuardSettings, tensors: ReadonlyMap<string, Tensor>) {
    const own = analyserShapes(model.config, settings);
    const adapter = join(root, name);
    const adapted = new Map([...tensors].filter(([key]) => !own.has(key)));
    writeAdapter(adapter, adapted, { ...lora, baseModel: name });
    const hooks = stateHooks(model.config, settings.layers);
    const vocab = model.config.vocabSize;
    const read = async (ids: number[]) => {
      const capture = { adapter, capture: hooks };
      const { logits, cache } = await model.forward([ids], capture);
      const d = model.dModel;
      const scores = ids.map((token, t) => {
        const states = hooks.map((hook) => cache.get(hook)!.data.slice(t * d, (t + 1) * d));
        return plainScores(states, token, tensors, settings);
      });
      const rows = ids.map((_, t) => logSoftmax(logits.data.slice(t * vocab, (t + 1) * vocab)));
      return { scores, rows };
    };
    const generation: number[] = [];
    const divergences: number[] = [];
    const differences: number[] = [];
    for (const { secure, vulnerable } of BATCH) {
      const own = await read(secure.ids);
      const twin = await read(vulnerable.ids);
      differences.push(mean(own.scores) - mean(twin.scores));
      const base = await model.forward([secure.ids]);
      for (const [t, row] of own.rows.entries()) {
        const next = secure.ids[t + 1];
        if (next !== undefined) generation.push(-row[next]!);
        const before = logSoftmax(base.logits.data.slice(t * vocab, (t + 1) * vocab));
        divergences.push(before.reduce((sum, x, id) => sum + Math.exp(x) * (x - row[id]!), 0));
      }
    }
    const short = (difference: number) => Math.max(0, settings.margin - difference);
    const kl = mean(divergences);
    return {
      generation: mean(generation),
      security: settings.hinge === 'pair' ? mean(differences.map(short)) : short(mean(differences)),
      kl: settings.klLimit === null ? kl : Math.min(settings.klLimit, kl),
    };
  }

  const cases: [string, DeepGuardSettings][] = [
    ['paper', { ...VARIANTS.paper, layers: 2 }],
    ['code, without padding', { ...VARIANTS.code, layers: 3, mean: 'tokens' }],
    ['limited', { ...VARIANTS.paper, layers: 1, klLimit: 1e-4 }],
    ['average', { ...VARIANTS.code, layers: 2, mean: 'tokens', aggregator: 'average' }],
    ['last layer', { ...VARIANTS.paper, layers: 2, aggregator: 'last_layer' }],
  ];
  it.each(name === 'llama_f32' ? cases : cases.slice(0, 1))(
    '%s has the losses of plain loops',
    async (_, settings) => {
      const tensors = initial(settings);
      const expected = await plainLosses(settings, tensors);
      const trainer = await make(settings, tensors);
      const options = { steps: 1, schedule: { peak: 1e-12 }, quiet: true };
      const [report] = await trainer.run({ batch: () => BATCH }, options);
      for (const [part, value] of Object.entries(expected)) {
        expect(report!.parts[part], part).toBeCloseTo(value, 4);
      }
      const { generation, security, kl } = settings.weights;
      const total =
        generation * expected.generation + security * expected.security + kl * expected.kl;
      expect(report!.loss).toBeCloseTo(total, 4);
      expect(expected.security).toBeGreaterThan(0.1);
      expect(expected.kl).toBeGreaterThan(5e-5);
    },
  );

  it.runIf(name !== 'gpt2_f32')('has the gradients of central differences', async () => {
    const settings: DeepGuardSettings =
      name === 'llama_f32'
        ? { ...VARIANTS.code, layers: 3, klLimit: 100, maxTokens: 9, vulnerableGradient: true }
        : { ...VARIANTS.paper, layers: 2 };
    const tensors = initial(settings);
    const trainer = await make(settings, tensors);
    const gradients = await trainer.gradients([BATCH]);
    const groups = groupBy(
      [...gradients.keys()],
      (key) =>
        /lora|aggregator|embedding|layers|norms|score/.exec(key.replace(/^.*lora/, 'lora'))![0],
    );
    const lengthOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
    for (const [group, keys] of groups) {
      const size = Math.hypot(...keys.map((key) => lengthOf(gradients.get(key)!.data)));
      expect(size, group).toBeGreaterThan(0);
      const moved = async (step: number) => {
        const changed = new Map(tensors);
        for (const key of keys) {
          const { dims, data } = tensors.get(key)!;
          const along = gradients.get(key)!.data;
          const values = data.map((x, i) => x + (step * along[i]!) / size);
          changed.set(key, { dims, data: values });
        }
        return (await make(settings, changed)).evaluate([BATCH]);
      };
      const step = 5e-3;
      const measured = ((await moved(step)) - (await moved(-step))) / (2 * step);
      // Losses near 5 in float32 differ by 1e-6 at random.
      expect(Math.abs(measured - size), group).toBeLessThan(3e-4 + 0.02 * size);
    }
  });

  it.runIf(name === 'gpt2_f32')(
    'has the model learn nothing from the vulnerable function where the code does not',
    async () => {
      const settings: DeepGuardSettings = {
        ...VARIANTS.paper,
        layers: 2,
        weights: { generation: 0, security: 1, kl: 0 },
      };
      const tensors = initial(settings);
      const gradient = async (vulnerableGradient: boolean) => {
        const trainer = await make({ ...settings, vulnerableGradient }, tensors);
        return trainer.gradients([BATCH]);
      };
      const [both, secureOnly] = [await gradient(true), await gradient(false)];
      for (const [key, { data }] of both) {
        const other = secureOnly.get(key)!.data;
        const differs = data.some((x, i) => Math.abs(x - other[i]!) > 1e-7);
        expect(differs, key).toBe(key.includes('lora'));
      }
    },
  );
});

it('begins as its paper says', () => {
  const shape = { dModel: 64, vocabSize: 1000 };
  const initial = initialAnalyser(shape, VARIANTS.code, 1);
  const deviation = (key: string) => {
    const { data } = initial.get(key)!;
    return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
  };
  expect(initial.get('analyser.layers.0.weight')!.dims).toEqual([512, 64 + 128]);
  expect(deviation('analyser.embedding.weight')).toBeCloseTo(0.02, 3);
  expect(deviation('aggregator.query.weight')).toBeCloseTo(1 / 8 / Math.sqrt(3), 2);
  expect(deviation('analyser.layers.1.weight')).toBeCloseTo(Math.sqrt(2 / 768), 3);
  expect(deviation('analyser.layers.1.bias')).toBe(0);
  expect(deviation('analyser.norms.1.weight')).toBe(1);
  // The aggregator has 4 (d^2 + d) parameters in the code, 3 d^2 in the paper.
  const count = (variant: DeepGuardSettings) =>
    [...analyserShapes(shape, variant)]
      .filter(([key]) => key.startsWith('aggregator.'))
      .reduce((sum, [, dims]) => sum + dims.reduce((a, b) => a * b, 1), 0);
  expect(count(VARIANTS.code)).toBe(4 * (64 ** 2 + 64));
  expect(count(VARIANTS.paper)).toBe(3 * 64 ** 2);
  expect(count({ ...VARIANTS.paper, aggregator: 'average' })).toBe(0);
});
