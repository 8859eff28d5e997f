import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy } from '../../core/index.js';
import { Device, loadModel, type Model } from '../../engine/index.js';
import { Graph, serialize } from '../../graph/index.js';
import type { Tensor } from '../../tensor/index.js';
import { initialLora, loraTargets, Trainer, writeAdapter } from '../../train/index.js';
import { divergence, fixture, lively, logSoftmax, mean, slopes } from '../testing/numeric.js';
import { SafeCoderObjective, type SafeCoderSample, unlikelihoods } from './objective.js';

const root = mkdtempSync(join(tmpdir(), 'suture-safecoder-'));
afterAll(() => rmSync(root, { recursive: true }));

const sample = (side: SafeCoderSample['side'], ids: number[], learnt: number[]) =>
  ({
    id: 'p',
    cwe: undefined,
    language: undefined,
    side,
    ids,
    changed: ids.map((_, i) => learnt.includes(i)),
  }) as SafeCoderSample;
const BATCH = [
  sample('secure', [5, 9, 44, 12, 7], [2, 4]),
  sample('vulnerable', [5, 9, 31, 200, 7, 7, 64], [1, 3, 6]),
  sample('utility', [1, 2, 3, 90, 91], [2, 3, 4]),
  sample('vulnerable', [8, 6, 4], [2]),
];

const MODELS: [string, string[]][] = [
  ['llama_f32', ['q_proj', 'down_proj']],
  ['gpt2_f32', ['c_attn', 'c_fc']],
  ['gemma2_bf16', ['o_proj', 'gate_proj']],
];
describe.each(MODELS)('on %s', (name, targetModules) => {
  const lora = { rank: 3, alpha: 6, targetModules };
  const training = { weight: 0.7, kl: 0.5, dropout: 0, seed: 0 };
  let model: Model;
  let device: Device;
  let tensors: Map<string, Tensor>;
  let make: (
    initial: ReadonlyMap<string, Tensor>,
    changes?: object,
  ) => Promise<Trainer<readonly SafeCoderSample[]>>;
  beforeAll(async () => {
    model = await loadModel(fixture(name), { threads: 1 });
    device = new Device({ threads: 1 });
    const { config, checkpoint } = model;
    const modules = loraTargets(config, lora);
    tensors = lively(initialLora(config, modules, 1), 0.1);
    const trainable = { kind: 'lora', weights: checkpoint.weights, modules } as const;
    make = (initial, changes) => {
      const objective = new SafeCoderObjective(config, trainable, { ...training, ...changes });
      return Trainer.of(device, objective, initial);
    };
  });
  afterAll(async () => {
    await device.close();
    await model.close();
  });

  /** Each loss in float64 loops, from the engine's logits with the adapter in place. */
  async function plainLosses(batch: readonly SafeCoderSample[]) {
    const adapter = join(root, name);
    writeAdapter(adapter, tensors, { ...lora, baseModel: name });
    const found = { secure: 0, vulnerable: 0, utility: 0, kl: 0 };
    for (const { side, ids, changed } of batch) {
      const rowsOf = async (options: object) => {
        const { logits } = await model.forward([ids], options);
        const vocab = model.config.vocabSize;
        return ids.map((_, t) => logSoftmax(logits.data.slice(t * vocab, (t + 1) * vocab)));
      };
      const adapted = await rowsOf({ adapter });
      const base = await rowsOf({});
      const losses: number[] = [];
      const drifts: number[] = [];
      for (let j = 1; j < ids.length; j++) {
        const logp = adapted[j - 1]![ids[j]!]!;
        const unlikelihood = -Math.log(Math.max(1 - Math.exp(logp), 1e-5));
        if (changed[j]) losses.push(side === 'vulnerable' ? unlikelihood : -logp);
        else drifts.push(divergence(base[j - 1]!, adapted[j - 1]!));
      }
      found[side] += mean(losses) / batch.length;
      if (side !== 'utility') found.kl += mean(drifts) / batch.length;
    }
    return found;
  }

  it('has the losses of plain loops', async () => {
    const expected = await plainLosses(BATCH);
    const trainer = await make(tensors);
    const options = { steps: 1, schedule: { peak: 1e-12 }, quiet: true };
    const [report] = await trainer.run({ batch: () => BATCH }, options);
    for (const [part, value] of Object.entries(expected)) {
      expect(report!.parts[part], part).toBeCloseTo(value, 5);
    }
    const { secure, vulnerable, utility, kl } = expected;
    const total = training.weight * (secure + vulnerable) + utility + training.kl * kl;
    expect(report!.loss).toBeCloseTo(total, 4);
    expect(kl).toBeGreaterThan(1e-4);
    // The same in two passes, and without the divergence.
    expect(await trainer.evaluate([BATCH.slice(0, 1), BATCH.slice(1)])).toBeCloseTo(total, 4);
    const without = await (await make(tensors, { kl: 0 })).evaluate([BATCH]);
    expect(without).toBeCloseTo(total - training.kl * kl, 4);
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

it('counts 1 - p, and no less than 0.00001 of it', async () => {
  const graph = new Graph();
  graph.output('y', unlikelihoods(graph.input('x', 'f32', [4])));
  const device = new Device({ threads: 1 });
  const session = await device.load(serialize(graph));
  // Probabilities 1/2, 1/4, 1, and next to nothing.
  const data = Float32Array.of(Math.log(2), Math.log(4), 0, 40);
  const feeds = { x: { dtype: 'f32', dims: [4], data } } as const;
  const [y] = await device.run(session, feeds, { fetch: ['y'] });
  await device.close();
  const expected = [Math.log(2), Math.log(4 / 3), 5 * Math.log(10), 0];
  for (const [i, value] of expected.entries()) expect(y!.data[i]).toBeCloseTo(value, 5);
});
