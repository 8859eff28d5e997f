import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device, loadModel, type Model } from '../engine/index.js';
import { gradients, reduceSum, serialize } from '../graph/index.js';
import { divergenceGraph, LensTrainer } from './tuned-lens.js';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/${name}/model`, import.meta.url));
const ROWS = [
  [41, 7, 200, 7, 93, 0],
  [12, 255, 31, 4],
];

/** Soft caps on the logits, layer norms, a bias on the head: what a loss has to go back through. */
const FAMILIES = ['llama_f32', 'gemma2_bf16', 'gpt2_f32', 'phi_partialrotary_bf16'];

describe.each(FAMILIES)('the tuned lens of %s', (name) => {
  let model: Model;
  let trainer: LensTrainer;
  beforeAll(async () => {
    model = await loadModel(fixture(name), { threads: 1 });
    trainer = await LensTrainer.create(model, { threads: 1 });
  });
  afterAll(async () => {
    await trainer.close();
    await model.close();
  });

  it('begins as the logit lens: its divergence is the one of two read-outs, in float64', async () => {
    const hook = (layer: number) => `blocks.${layer}.hook_resid_post`;
    const last = model.nLayers - 1;
    const found = await trainer.divergences(ROWS);
    const vocab = [...Array(model.config.vocabSize).keys()];
    for (const [row, ids] of ROWS.entries()) {
      const { cache } = await model.forward([ids], { capture: [hook(0), hook(last)] });
      const logits = async (layer: number) => {
        const targets = ids.map(() => vocab);
        return (await model.readOut(cache.get(hook(layer))!.data, targets)).logits;
      };
      const [final, lens] = [await logits(last), await logits(0)];
      let sum = 0;
      for (let i = 1; i < ids.length; i++) {
        const at = (all: Float32Array) =>
          logSoftmax([...all.subarray(i * vocab.length, (i + 1) * vocab.length)]);
        const [p, q] = [at(final), at(lens)];
        sum += p.reduce((total, x, id) => total + Math.exp(x) * (x - q[id]!), 0);
      }
      expect(found[row]![1]).toBeCloseTo(sum / (ids.length - 1), 3);
    }
  });

  it('has the gradient that central differences have', async () => {
    const { graph, divergence, parameters } = divergenceGraph(model.checkpoint);
    const loss = reduceSum(divergence);
    graph.output('loss', loss);
    for (const [i, gradient] of gradients(loss, [...parameters.values()]).entries()) {
      graph.output(['d_weight', 'd_bias'][i]!, gradient);
    }
    const device = new Device({ threads: 1 });
    try {
      const session = await device.load(serialize(graph));
      const { dModel: d } = model;
      const { vocabSize } = model.config;
      const wave = (n: number, seed: number, size: number) =>
        Float32Array.from({ length: n }, (_, i) => size * Math.sin(seed + 1.7 * i));
      const final = [0, 1, 2].flatMap((row) => logSoftmax([...wave(vocabSize, row, 2)]));
      const run = async (weight: Float32Array, bias: Float32Array) => {
        const feeds = {
          residual: { dtype: 'f32', dims: [1, 3, d], data: wave(3 * d, 5, 1) },
          logit_rows: { dtype: 'i64', dims: [3], data: BigInt64Array.of(0n, 1n, 2n) },
          final: { dtype: 'f32', dims: [3, vocabSize], data: Float32Array.from(final) },
          weight: { dtype: 'f32', dims: [d, d], data: weight },
          bias: { dtype: 'f32', dims: [d], data: bias },
        } as const;
        const fetch = ['loss', 'd_weight', 'd_bias'];
        return (await device.run(session, feeds, { fetch })).map(({ data }) => data);
      };
      const weight = wave(d * d, 1, 0.1);
      const bias = wave(d, 2, 0.1);
      const [, dWeight, dBias] = await run(weight, bias);
      // Along the gradient itself the loss changes by the gradient's length.
      const length = Math.hypot(...dWeight!, ...dBias!);
      const moved = (by: number) => {
        const move = (x: Float32Array, dx: Float32Array) =>
          x.map((value, i) => value + (by * dx[i]!) / length);
        return run(move(weight, dWeight!), move(bias, dBias!));
      };
      const step = 3e-2;
      const [[above], [below]] = [await moved(step), await moved(-step)];
      const numeric = (above![0]! - below![0]!) / (2 * step);
      expect(Math.abs(numeric / length - 1)).toBeLessThan(5e-3);
    } finally {
      await device.close();
    }
  });

  it('comes nearer to the final distribution at every depth', async () => {
    const before = await trainer.step(ROWS, 1e-2);
    for (let i = 0; i < 10; i++) await trainer.step(ROWS, 1e-2);
    const after = await trainer.divergences(ROWS);
    for (const [depth, loss] of before.entries()) {
      // Both rows' tokens count alike in the loss.
      expect((5 * after[0]![depth]! + 3 * after[1]![depth]!) / 8).toBeLessThan(loss);
    }
    const translators = await trainer.translators();
    expect(translators).toHaveLength(model.nLayers);
    expect(translators[0]!.weight.some((x) => x !== 0)).toBe(true);
  });
});

it('is not trained through weights in few bits', async () => {
  const model = await loadModel(fixture('llama_f32'), { threads: 1, dtype: 'int8' });
  try {
    await expect(LensTrainer.create(model)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  } finally {
    await model.close();
  }
});

function logSoftmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, x) => total + Math.exp(x - most), 0);
  return logits.map((x) => x - most - Math.log(sum));
}
