import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device, openModel } from '../engine/index.js';
import { readSafetensors, relMax, type Tensor } from '../tensor/index.js';
import { type Batch, type DataSource, toBatch } from './data.js';
import { loraNames, rotaryFeeds, type Trainable } from './model.js';
import { loraTargets } from './peft.js';
import { buildHookGradients } from './program.js';
import { Trainer } from './trainer.js';

/**
 * Gradients, losses and trained adapters against figures computed by Hugging Face's own code
 * (fixtures/README.md has the tolerances and their noise).
 */
const FOLDER = fileURLToPath(new URL('../../fixtures', import.meta.url));
const FIXTURES = readdirSync(FOLDER).filter((name) =>
  existsSync(join(FOLDER, name, 'reference.json')),
);

describe.each(FIXTURES)('training %s agrees with Hugging Face', async (name) => {
  const dir = join(FOLDER, name);
  const reference = readSafetensors(join(dir, 'reference.safetensors'));
  const scalars = JSON.parse(readFileSync(join(dir, 'reference.json'), 'utf8'));
  const settings = JSON.parse(readFileSync(join(dir, 'adapter/adapter_config.json'), 'utf8'));
  const { config, weights } = await openModel(join(dir, 'model'));
  const modules = loraTargets(config, {
    rank: settings.r,
    alpha: settings.lora_alpha,
    targetModules: settings.target_modules,
    rslora: settings.use_rslora,
  });
  const trainable: Trainable = { kind: 'lora', weights, modules };
  const prompt = (i: number) => [...reference.get(`input_ids.${i}`)!.data];
  /** Mean next-token loss from target `from` on. */
  const example = (i: number, from = 1) => {
    const tokens = prompt(i);
    return { tokens, weights: tokens.map((_, t) => (t >= from ? 1 : 0)) };
  };
  const single = (i: number): Batch => toBatch([[example(i)]], prompt(i).length);
  const masked = toBatch([[example(1, 8)], [example(2, 8)]], 40);
  const always = (batch: Batch): DataSource => ({ batch: () => batch });

  /** An adapter folder's tensors under the trainer's names. */
  const adapter = (folder: string) =>
    new Map<string, Tensor>(
      [...readSafetensors(join(dir, folder, 'adapter_model.safetensors'))].map(([key, tensor]) => [
        key.replace('base_model.model.', '').replace(/\.weight$/, ''),
        tensor,
      ]),
    );

  let device: Device;
  beforeAll(() => {
    device = new Device({ threads: 2 });
  });
  afterAll(() => device.close());

  it('losses with the adapter: one prompt, and a batch with masked labels', async () => {
    const trainer = await Trainer.create(device, config, trainable, adapter('adapter'));
    expect(await trainer.evaluate([single(2)])).toBeCloseTo(scalars.loss_p2_with_adapter, 4);
    expect(await trainer.evaluate([masked])).toBeCloseTo(scalars.loss_batch_masked_with_adapter, 4);
  });

  it.each([
    ['grad', single(2)],
    ['grad_batch', masked],
  ])('%s of every adapter tensor', async (kind, batch) => {
    const trainer = await Trainer.create(device, config, trainable, adapter('adapter'));
    const gradients = await trainer.gradients([batch]);
    expect([...gradients.keys()].sort()).toEqual([...adapter('adapter').keys()].sort());
    for (const [parameter, { data }] of gradients) {
      const want = reference.get(`${kind}.base_model.model.${parameter}.weight`)!.data;
      expect(relMax(data, want), parameter).toBeLessThan(1e-4);
    }
  });

  it('losses and weights over 5 steps of AdamW', async () => {
    const trainer = await Trainer.create(device, config, trainable, adapter('adapter'));
    const reports = await trainer.run(always(single(2)), {
      steps: 5,
      schedule: { peak: 1e-3 },
      quiet: true,
    });
    const losses = [...reports.map(({ loss }) => loss), await trainer.evaluate([single(2)])];
    for (const [i, want] of scalars.adamw_losses.entries()) {
      expect(Math.abs(losses[i]! - want)).toBeLessThan(1e-4);
    }
    const trained = await trainer.parameters();
    const errors: number[] = [];
    for (const [key, { data }] of adapter('adapter_trained')) {
      const got = trained.get(key)!.data;
      errors.push(...data.map((x, i) => Math.abs(x - got[i]!)));
    }
    errors.sort((a, b) => a - b);
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThan(1e-6);
    expect(errors[Math.floor(0.99 * errors.length)]).toBeLessThan(2e-6);
    // Adam divides a gradient by its own size: one within noise of zero may step either way.
    expect(errors.at(-1)).toBeLessThan(1e-4);
  });

  it('gradients of the residual stream after every layer, and the base losses', async () => {
    const base: Trainable = { kind: 'lora', weights, modules: new Map() };
    const hooks = Array.from({ length: config.nLayers }, (_, l) => `blocks.${l}.hook_resid_post`);
    const session = await device.load(buildHookGradients(config, base, hooks));
    for (const i of [1, 2]) {
      const ids = prompt(i);
      const integers = (values: number[], dims: number[]) =>
        ({ dtype: 'i64', dims, data: BigInt64Array.from(values, BigInt) }) as const;
      const n = ids.length - 1;
      const [loss, ...gradients] = await device.run(
        session,
        {
          tokens: integers(ids, [1, n + 1]),
          positions: integers([...ids.keys()], [1, n + 1]),
          segments: integers(
            ids.map(() => 0),
            [1, n + 1],
          ),
          ...rotaryFeeds(config, n + 1),
          logit_rows: integers([...Array(n).keys()], [n]),
          labels: integers(ids.slice(1), [n]),
          label_weights: { dtype: 'f32', dims: [n], data: new Float32Array(n).fill(1 / n) },
        },
        { fetch: ['loss', ...hooks.map((hook) => `gradient.${hook}`)] },
      );
      expect(loss!.data[0]).toBeCloseTo(scalars[`loss_p${i}_base`], 4);
      if (i === 1) continue;
      for (const [l, { data }] of gradients.entries()) {
        const want = reference.get(`grad_resid.${l}`)!.data;
        expect(relMax(data, want)).toBeLessThan(1e-4);
      }
    }
    await device.unload(session);
  });

  it('names its parameters as the adapter does', () => {
    const names = [...modules.keys()].flatMap((module) => Object.values(loraNames(module)));
    expect(names.sort()).toEqual([...adapter('adapter').keys()].sort());
  });
});
