import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy } from '../../core/index.js';
import { Device, loadModel, type Model } from '../../engine/index.js';
import type { Tensor } from '../../tensor/index.js';
import { initialLora, loraTargets, Trainer, writeAdapter } from '../../train/index.js';
import type { TokenPair } from '../data/tokens.js';
import { divergence, fixture, lively, logSoftmax, mean, slopes } from '../testing/numeric.js';
import { type ContrastItem, ContrastObjective, contrastItems } from './contrast.js';
import { placesOf } from './decisions.js';

const root = mkdtempSync(join(tmpdir(), 'suture-contrast-'));
afterAll(() => rmSync(root, { recursive: true }));

const sequence = (ids: number[], requestLength: number) => ({
  ids,
  requestLength,
  changed: ids.map(() => false),
});
const pair = (vulnerable: number[], secure: number[], requestLength = 0): TokenPair => ({
  id: 'p',
  cwe: undefined,
  group: 'g',
  language: undefined,
  vulnerable: sequence(vulnerable, requestLength),
  secure: sequence(secure, requestLength),
});
const PAIRS = [
  pair([5, 9, 31, 200, 7, 7, 64], [5, 9, 44, 12, 7, 64], 2),
  pair([1, 2, 3, 4], [1, 2, 3, 90, 91, 4, 17, 8]),
];
const ORDINARY = { id: 'o', group: 'o', ids: [4, 8, 15, 16, 23], requestLength: 2 };
const BATCH = contrastItems(PAIRS, [ORDINARY]);

it('puts each pair beside an ordinary text, in turn, where there are any', () => {
  const other = { ...ORDINARY, id: 'other' };
  const items = contrastItems([...PAIRS, ...PAIRS], [ORDINARY, other]);
  expect(items.map(({ ordinary }) => ordinary!.id)).toEqual(['o', 'other', 'o', 'other']);
  expect(contrastItems(PAIRS, []).every(({ ordinary }) => ordinary === undefined)).toBe(true);
});

const MODELS: [string, string[]][] = [
  ['llama_f32', ['q_proj', 'down_proj']],
  ['gpt2_f32', ['c_attn']],
];
describe.each(MODELS)('on %s', (name, targetModules) => {
  const lora = { rank: 3, alpha: 6, targetModules };
  const settings = { weights: { secure: 0.7, contrast: 1.3, kl: 0.4 }, beta: 0.5 };
  let model: Model;
  let device: Device;
  let tensors: Map<string, Tensor>;
  let make: (initial: ReadonlyMap<string, Tensor>) => Promise<Trainer<readonly ContrastItem[]>>;
  beforeAll(async () => {
    model = await loadModel(fixture(name), { threads: 1 });
    device = new Device({ threads: 1 });
    const { config, checkpoint } = model;
    const modules = loraTargets(config, lora);
    tensors = lively(initialLora(config, modules, 1), 0.1);
    const trainable = { kind: 'lora', weights: checkpoint.weights, modules } as const;
    make = (initial) =>
      Trainer.of(
        device,
        new ContrastObjective(config, trainable, { settings, dropout: 0, seed: 0 }),
        initial,
      );
  });
  afterAll(async () => {
    await device.close();
    await model.close();
  });

  it('has the losses of plain loops', async () => {
    const adapter = join(root, name);
    writeAdapter(adapter, tensors, { ...lora, baseModel: name });
    const rowsOf = async (ids: readonly number[], options: object) => {
      const { logits } = await model.forward([ids], options);
      const vocab = model.config.vocabSize;
      return ids.map((_, t) => logSoftmax(logits.data.slice(t * vocab, (t + 1) * vocab)));
    };
    const secures: number[] = [];
    const contrasts: number[] = [];
    const drifts: number[] = [];
    for (const own of PAIRS) {
      let margin = 0;
      for (const side of ['secure', 'vulnerable'] as const) {
        const { ids } = own[side];
        const [now, was] = [await rowsOf(ids, { adapter }), await rowsOf(ids, {})];
        const losses: number[] = [];
        for (const { index, changed } of placesOf(own, side)) {
          const gained = now[index - 1]![ids[index]!]! - was[index - 1]![ids[index]!]!;
          if (!changed) drifts.push(divergence(was[index - 1]!, now[index - 1]!));
          else margin += side === 'secure' ? gained : -gained;
          if (changed) losses.push(-now[index - 1]![ids[index]!]!);
        }
        if (side === 'secure') secures.push(mean(losses));
      }
      contrasts.push(Math.log1p(Math.exp(-settings.beta * margin)));
    }
    const { ids } = ORDINARY;
    const [now, was] = [await rowsOf(ids, { adapter }), await rowsOf(ids, {})];
    // An ordinary text stands beside each of the two pairs.
    for (const index of [2, 3, 4, 2, 3, 4])
      drifts.push(divergence(was[index - 1]!, now[index - 1]!));
    const expected = { secure: mean(secures), contrast: mean(contrasts), kl: mean(drifts) };

    const trainer = await make(tensors);
    const options = { steps: 1, schedule: { peak: 1e-12 }, quiet: true };
    const [report] = await trainer.run({ batch: () => BATCH }, options);
    for (const [part, value] of Object.entries(expected)) {
      expect(report!.parts[part], part).toBeCloseTo(value, 5);
    }
    const { secure, contrast, kl } = expected;
    expect(report!.loss).toBeCloseTo(0.7 * secure + 1.3 * contrast + 0.4 * kl, 4);
    expect(kl).toBeGreaterThan(1e-4);
    expect(Math.abs(contrast - Math.LN2)).toBeGreaterThan(1e-3);
  });

  it('learns the same where blocks are computed again, with the same values dropped', async () => {
    const { config, checkpoint } = model;
    const modules = loraTargets(config, lora);
    const learnt = [];
    for (const recompute of [false, true]) {
      const trainable = { kind: 'lora', weights: checkpoint.weights, modules, recompute } as const;
      const objective = new ContrastObjective(config, trainable, {
        settings,
        dropout: 0.3,
        seed: 0,
      });
      const trainer = await Trainer.of(device, objective, tensors);
      const options = { steps: 3, schedule: { peak: 1e-2 }, quiet: true };
      const reports = await trainer.run({ batch: () => BATCH }, options);
      learnt.push(reports.map(({ loss }) => loss));
    }
    for (const [i, loss] of learnt[1]!.entries()) expect(loss).toBeCloseTo(learnt[0]![i]!, 5);
    expect(learnt[0]![2]).not.toBeCloseTo(learnt[0]![0]!, 3);
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
