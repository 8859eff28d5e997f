import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device, loadModel, type Model, openModel } from '../engine/index.js';
import { readSafetensors } from '../tensor/index.js';
import { type DataSource, toBatch } from './data.js';
import { initialLora, type LoraSettings, loraTargets, writeAdapter } from './peft.js';
import { Trainer } from './trainer.js';

const FIXTURE = fileURLToPath(new URL('../../fixtures/llama_f32/model', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'suture-peft-'));
const { config, weights } = await openModel(FIXTURE);
let device: Device;
let model: Model;
beforeAll(async () => {
  device = new Device({ threads: 1 });
  model = await loadModel(FIXTURE, { threads: 1 });
});
afterAll(async () => {
  await device.close();
  await model.close();
  rmSync(root, { recursive: true });
});

const TEXTS = [
  [5, 9, 31, 200, 7, 7, 64],
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
];
const batches = TEXTS.map((tokens) =>
  toBatch([[{ tokens, weights: tokens.map(() => 1) }]], tokens.length),
);

/** Mean loss of predicting each token of a text, from the engine's logits. */
async function engineLoss(tokens: readonly number[], adapter?: string): Promise<number> {
  const { logits } = await model.forward([tokens], { adapter });
  const vocab = config.vocabSize;
  const losses = tokens.slice(1).map((next, i) => {
    const row = logits.data.subarray(i * vocab, (i + 1) * vocab);
    const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
    return Math.log(total) - row[next]!;
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

describe.each<[string, LoraSettings]>([
  [
    'LoRA of all linear layers',
    {
      rank: 4,
      alpha: 8,
      targetModules: [
        'q_proj',
        'k_proj',
        'v_proj',
        'o_proj',
        'gate_proj',
        'up_proj',
        'down_proj',
        'lm_head',
      ],
    },
  ],
  ['LoRA of two', { rank: 3, alpha: 2, targetModules: ['q_proj', 'down_proj'] }],
  ['rank-stabilised LoRA', { rank: 4, alpha: 8, targetModules: ['v_proj'], rslora: true }],
])('%s', (name, settings) => {
  const dir = join(root, name);
  const modules = loraTargets(config, settings);
  const create = () =>
    Trainer.create(
      device,
      config,
      { kind: 'lora', weights, modules },
      initialLora(config, modules, 3),
    );
  const written = async (trainer: Trainer, part: string) => {
    const path = join(dir, part);
    writeAdapter(path, await trainer.parameters(), { ...settings, baseModel: 'llama_f32' });
    return path;
  };

  it('changes nothing before it is trained', async () => {
    const adapter = await written(await create(), 'initial');
    for (const tokens of TEXTS) {
      const { logits } = await model.forward([tokens]);
      expect((await model.forward([tokens], { adapter })).logits).toEqual(logits);
    }
  });

  it('trained and written, is what the engine reads', async () => {
    const trainer = await create();
    const data: DataSource = { batch: (step) => batches[step % 2]! };
    await trainer.run(data, { steps: 4, schedule: { peak: 0.02 }, quiet: true });
    const adapter = await written(trainer, 'trained');
    for (const [i, tokens] of TEXTS.entries()) {
      const loss = await trainer.evaluate([batches[i]!]);
      expect(await engineLoss(tokens, adapter)).toBeCloseTo(loss, 4);
      expect(Math.abs((await engineLoss(tokens)) - loss)).toBeGreaterThan(0.01);
    }
    const parameters = await trainer.parameters();
    const stored = readSafetensors(join(adapter, 'adapter_model.safetensors'));
    expect(stored.size).toBe(parameters.size);
    for (const [key, tensor] of parameters) {
      expect(stored.get(`base_model.model.${key}.weight`)).toEqual(tensor);
    }
  });
});

describe('settings', () => {
  it('address layers by the last part of their names', () => {
    const targets = loraTargets(config, {
      rank: 4,
      alpha: 8,
      targetModules: ['up_proj', 'lm_head'],
    });
    const setting = { rank: 4, factor: 2 };
    expect([...targets]).toEqual([
      ['model.layers.0.mlp.up_proj', setting],
      ['model.layers.1.mlp.up_proj', setting],
      ['model.layers.2.mlp.up_proj', setting],
      ['lm_head', setting],
    ]);
    const stable = loraTargets(config, {
      rank: 4,
      alpha: 8,
      targetModules: ['lm_head'],
      rslora: true,
    });
    expect(stable.get('lm_head')).toEqual({ rank: 4, factor: 4 });
  });

  it('name layers that are there', () => {
    const targets = (...targetModules: string[]) =>
      loraTargets(config, { rank: 4, alpha: 8, targetModules });
    expect(() => targets('q_proj', 'c_attn')).toThrow(
      'No linear layer is called c_attn; there are: q_proj, k_proj, v_proj, o_proj, gate_proj',
    );
    expect(() => targets()).toThrow('No target modules are given');
  });

  it('draw A within its bound, by the seed, and leave B at zero', () => {
    const targets = loraTargets(config, { rank: 4, alpha: 8, targetModules: ['down_proj'] });
    const initial = initialLora(config, targets, 1);
    const a = initial.get('model.layers.0.mlp.down_proj.lora_A')!;
    const b = initial.get('model.layers.0.mlp.down_proj.lora_B')!;
    expect(a.dims).toEqual([4, 160]);
    expect(b.dims).toEqual([64, 4]);
    const largest = Math.max(...a.data.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(160));
    expect(largest).toBeGreaterThan(0.9 / Math.sqrt(160));
    expect(b.data.every((x) => x === 0)).toBe(true);
    expect(initialLora(config, targets, 1)).toEqual(initial);
    expect(initialLora(config, targets, 2)).not.toEqual(initial);
  });
});
