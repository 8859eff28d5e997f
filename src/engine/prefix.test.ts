import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dependsOnLength } from '../models/index.js';
import { relMax } from '../tensor/index.js';
import {
  Device,
  type GenerateOptions,
  type Intervention,
  loadModel,
  type Model,
  type Prefix,
} from './index.js';
import { CompiledPlan } from './interventions.js';
import { cacheNames } from './program.js';
import { Runner } from './runner.js';
import { fixture } from './testing/models.js';

// The keys and values of tokens that were read are a prefix whose effect is known: that of having read them.
const READ = [7, 201, 33, 4, 90];
const TOLERANCE = 2e-5;

async function prefixOf(model: Model, ids: readonly number[]): Promise<Prefix> {
  const { config, checkpoint } = model;
  const device = new Device({ threads: 1 });
  const runner = new Runner(device, checkpoint);
  const layers = Array.from({ length: config.nLayers }, (_, layer) => cacheNames(layer));
  const found = await runner.run(
    { plan: new CompiledPlan([], config, 1), capture: [], adapter: undefined },
    {
      tokens: [ids],
      prompts: [0],
      promptLengths: [ids.length],
      logitRows: [],
      fetch: layers.flatMap(({ newKey, newValue }) => [newKey, newValue]),
    },
  );
  await device.close();
  const tensors = found.map(({ dims: [kv, , n, hd], data }) => ({ dims: [kv!, n!, hd!], data }));
  return { layers: layers.map((_, i) => ({ key: tensors[2 * i]!, value: tensors[2 * i + 1]! })) };
}

/** Completes prompts, and compares what each token was chosen by with one pass over all there is. */
async function agrees(
  model: Model,
  prompts: readonly number[][],
  options: GenerateOptions,
  whole: (ids: number[]) => Promise<{ data: Float32Array }>,
): Promise<void> {
  const seen = new Map<string, Float32Array>();
  const { samples } = await model.generate(
    { tokens: prompts },
    {
      maxNewTokens: 4,
      eosIds: [],
      ...options,
      processors: [
        (logits, { prompt, sample, tokens }) =>
          seen.set(`${prompt} ${sample} ${tokens.length}`, logits.slice()),
      ],
    },
  );
  const checked = new Set<string>();
  for (const { prompt, sample, tokens } of samples) {
    for (const t of tokens.keys()) {
      const ids = [...prompts[prompt]!, ...tokens.slice(0, t)];
      if (checked.has(ids.join())) continue;
      checked.add(ids.join());
      const { data } = await whole(ids);
      const difference = relMax(seen.get(`${prompt} ${sample} ${t}`)!, data);
      expect(difference, `prompt ${prompt}, token ${t}`).toBeLessThan(TOLERANCE);
    }
  }
}

const fixtures = readdirSync(fixture('.')).filter((name) => /_(f32|f16|bf16)$/.test(name));
describe.each(fixtures)('%s', (name) => {
  it('writes behind a prefix as if its tokens had been read', async () => {
    const model = await loadModel(fixture(`${name}/model`), { threads: 1 });
    try {
      const { rope } = model.config;
      const prefix = await prefixOf(model, READ);
      if (rope && dependsOnLength(rope)) {
        const refused = model.generate({ tokens: [[1]] }, { prefix });
        await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' });
        return;
      }
      const whole = async (ids: number[]) =>
        (await model.forward([[...READ, ...ids]], { logits: 'last' })).logits;
      // Prompts that begin alike, one of a single token, and one that has a flight of its own.
      const prompts = [[1, 2, 3, 4], [1, 2, 9], [5], Array.from({ length: 20 }, (_, i) => 3 * i)];
      await agrees(model, prompts, { prefix }, whole);
      await agrees(model, prompts.slice(0, 1), { prefix, n: 18, temperature: 1 }, whole);
    } finally {
      await model.close();
    }
  });
});

describe('a prefix', () => {
  it('counts as nothing read for interventions, nor for the next call', async () => {
    const model = await loadModel(fixture('llama_f32/model'), { threads: 1 });
    const prefix = await prefixOf(model, READ);
    const vector = Float32Array.from({ length: model.dModel }, (_, i) => Math.sin(i));
    const edit = (position: number): Intervention[] => [
      { hook: 'blocks.1.hook_resid_post', op: 'add', vector, positions: [position] },
    ];
    const prompts = [
      [1, 2, 3, 4],
      [1, 2, 9],
    ];
    const edited = async (ids: number[]) => {
      const interventions = edit(READ.length + 1);
      const options = { logits: 'last', interventions } as const;
      return (await model.forward([[...READ, ...ids]], options)).logits;
    };
    await agrees(model, prompts, { prefix, interventions: edit(1) }, edited);
    const plain = async (ids: number[]) => (await model.forward([ids], { logits: 'last' })).logits;
    await agrees(model, prompts, {}, plain);
    await model.close();
  });

  it('is refused where it stands for no token, or has another model’s shape', async () => {
    const model = await loadModel(fixture('llama_f32/model'), { threads: 1 });
    const { layers } = await prefixOf(model, READ);
    const refused = async (prefix: Prefix, message: string) => {
      const written = model.generate({ tokens: [[1]] }, { prefix });
      await expect(written).rejects.toMatchObject({
        code: 'BAD_ARGUMENT',
        message: expect.stringContaining(message),
      });
    };
    const { nKvHeads, headDim } = model.config;
    const none = { dims: [nKvHeads, 0, headDim], data: new Float32Array(0) };
    await refused({ layers: layers.map(() => ({ key: none, value: none })) }, 'no token');
    await refused({ layers: [] }, 'no token');
    await refused({ layers: layers.slice(1) }, 'for each of');
    const other = { ...layers[0]!, value: none };
    await refused({ layers: [other, ...layers.slice(1)] }, 'keys and values');
    await model.close();
  });

  it('takes up places where there are embeddings for so many', async () => {
    const model = await loadModel(fixture('gpt2_f32/model'), { threads: 1 });
    const prefix = await prefixOf(model, READ);
    const left = model.config.maxPositions - READ.length;
    const prompt = (length: number) => [Array.from({ length }, (_, i) => i % 200)];
    const { samples } = await model.generate(
      { tokens: prompt(left - 1) },
      { prefix, eosIds: [], maxNewTokens: 9 },
    );
    expect(samples[0]!.tokens).toHaveLength(2);
    const refused = model.generate({ tokens: prompt(left + 1) }, { prefix });
    await expect(refused).rejects.toMatchObject({ code: 'BAD_ARGUMENT' });
    await model.close();
  });
});
