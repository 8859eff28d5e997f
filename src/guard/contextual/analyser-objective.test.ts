import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/index.js';
import { Device, loadModel, type Model } from '../../engine/index.js';
import { readTensor, type Tensor } from '../../tensor/index.js';
import { Trainer } from '../../train/index.js';
import { fixture, lively, logSoftmax, mean, slopes } from '../testing/numeric.js';
import { gateShares, initialAnalyser, streamHooks } from './analyser.js';
import { AnalyserObjective } from './analyser-objective.js';
import type { Example } from './examples.js';
import { embeddingOf, keysOf } from './keys.js';
import { ContextualScorer } from './scorer.js';
import { type Candidates, StateFile } from './states.js';
import { plainReading, plainScore } from './testing/plain.js';

const root = mkdtempSync(join(tmpdir(), 'suture-analyser-'));
const CLASSES = ['none', 'CWE-089 python', 'CWE-787 c'];
const SEQUENCES = [
  { ids: [5, 9, 44, 12, 7, 64], positions: [1, 2, 4], weighed: new Set([1]) },
  { ids: [1, 2, 3, 90, 91, 4], positions: [0, 3], weighed: new Set([3]) },
];
const example = (over: Partial<Example>): Example => ({
  name: 'none',
  side: undefined,
  next: 7,
  other: undefined,
  changed: false,
  priors: { next: 0, other: 0 },
  sequence: 0,
  ...over,
});
const EXAMPLES = [
  example({
    name: CLASSES[2]!,
    side: 'secure',
    next: 44,
    other: 31,
    changed: true,
    priors: { next: 1.5, other: -0.5 },
  }),
  example({ side: 'secure', next: 12, changed: true, priors: { next: 0.25, other: 0 } }),
  example({ side: 'secure', next: 64 }),
  example({ side: 'vulnerable', next: 2, changed: true, sequence: 1 }),
  example({ name: CLASSES[1]!, side: 'secure', next: 91, other: 4, changed: true, sequence: 1 }),
];
const BATCH = [...EXAMPLES.keys()];

let model: Model;
let device: Device;
let states: StateFile;
let candidates: (Candidates | undefined)[];
let tensors: Map<string, Tensor>;
let shape: { dModel: number; layers: number; width: number; classes: number };
let objective: AnalyserObjective;
beforeAll(async () => {
  model = await loadModel(fixture('llama_f32'), { threads: 1 });
  device = new Device({ threads: 1 });
  const hooks = streamHooks(model.config, 'all');
  const options = { hooks, candidates: 6, adapter: undefined };
  ({ states, candidates } = await StateFile.write(join(root, 'states'), model, SEQUENCES, options));
  shape = { dModel: model.dModel, layers: hooks.length, width: 5, classes: CLASSES.length };
  tensors = lively(initialAnalyser(shape, 3), 0.05);
  const embedding = embeddingOf(model.config, model.checkpoint.weights);
  const training = { shape, classes: CLASSES, sparsity: 0.02, seed: 0, embedding };
  objective = new AnalyserObjective(EXAMPLES, states, candidates, training);
});
afterAll(async () => {
  states.close();
  await device.close();
  await model.close();
  rmSync(root, { recursive: true });
});

const streamsOf = (i: number) => {
  const all = states.read([i]);
  return Array.from({ length: shape.layers }, (_, layer) =>
    all.subarray(layer * shape.dModel, (layer + 1) * shape.dModel),
  );
};

describe('StateFile', () => {
  it('keeps each stream at root mean square 1, in half precision', async () => {
    const { cache } = await model.forward([SEQUENCES[1]!.ids], {
      capture: ['blocks.1.hook_resid_post'],
      positions: [3],
      logits: [],
    });
    const { data } = cache.get('blocks.1.hook_resid_post')!;
    const size = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    const found = streamsOf(4)[2]!;
    for (const [i, x] of data.entries()) expect(found[i]).toBeCloseTo(x / size, 2);
  });

  it('tells what the model would write where it is asked', async () => {
    expect(candidates.map((one) => one !== undefined)).toEqual([true, false, false, false, true]);
    const { logits } = await model.forward([SEQUENCES[1]!.ids], { logits: [3] });
    const expected = logSoftmax(logits.data);
    const order = [...expected.keys()].sort((a, b) => expected[b]! - expected[a]!);
    expect(candidates[4]!.tokens).toEqual(order.slice(0, 6));
    for (const [i, token] of order.slice(0, 6).entries()) {
      expect(candidates[4]!.logProbabilities[i]).toBeCloseTo(expected[token]!, 4);
    }
  });
});

describe('AnalyserObjective', () => {
  it('has the losses of plain loops', async () => {
    const table = readTensor(embeddingOf(model.config, model.checkpoint.weights)).data;
    const embedded = (token: number) =>
      table.subarray(token * shape.dModel, (token + 1) * shape.dModel);
    const softplus = (x: number) => Math.log1p(Math.exp(x));
    const expected = {
      risk: [] as number[],
      pair: [] as number[],
      side: [] as number[],
      stray: [] as number[],
    };
    // Stray tokens are drawn in the order of the examples, from what else the model might write.
    const random = new Random(0, 'stray', 0);
    for (const [i, { name, side, next, other, changed, priors }] of EXAMPLES.entries()) {
      const { risk, query } = plainReading(streamsOf(i), tensors);
      expected.risk.push(-logSoftmax(Float32Array.from(risk))[CLASSES.indexOf(name)]!);
      const score = (token: number, prior: number) =>
        plainScore(query, embedded(token), prior, tensors);
      const own = score(next, priors.next);
      if (changed) expected.side.push(softplus(side === 'secure' ? -own : own));
      if (other === undefined) continue;
      expected.pair.push(softplus(score(other, priors.other) - own));
      const rivals = candidates[i]!.tokens.filter((token) => token !== next && token !== other);
      expected.stray.push(0.05 * score(random.pick(rivals), 0) ** 2);
    }
    const trainer = await Trainer.of(device, objective, tensors);
    const options = { steps: 1, schedule: { peak: 1e-12 }, quiet: true };
    const [report] = await trainer.run({ batch: () => BATCH }, options);
    for (const [part, values] of Object.entries(expected)) {
      expect(report!.parts[part], part).toBeCloseTo(mean(values), 4);
    }
    const entropy = gateShares(tensors.get('gates')!)
      .flat()
      .reduce((sum, x) => sum - x * Math.log(x), 0);
    expect(report!.parts.gates).toBeCloseTo(0.02 * entropy, 5);
    const total = Object.values(report!.parts).reduce((a, b) => a + b);
    expect(report!.loss).toBeCloseTo(total, 4);
  });

  it('has the gradients of central differences', async () => {
    const gradients = await (await Trainer.of(device, objective, tensors)).gradients([BATCH]);
    expect(gradients.size).toBe(9);
    for (const key of gradients.keys()) {
      const loss = async (changed: ReadonlyMap<string, Tensor>) =>
        (await Trainer.of(device, objective, changed)).evaluate([BATCH]);
      const step = key === 'gates' ? 5e-4 : 5e-3;
      const { length, measured } = await slopes(tensors, gradients, [key], loss, step);
      expect(length, key).toBeGreaterThan(1e-4);
      expect(Math.abs(measured - length), key).toBeLessThan(5e-4 + 0.02 * length);
    }
  });
});

it('says in use what it was trained to say', async () => {
  const scorer = await ContextualScorer.create(shape, tensors, { threads: 1 });
  const { classes, query } = await scorer.read(states.read(BATCH));
  await scorer.close();
  const { data: keys } = await keysOf(
    shape,
    tensors,
    embeddingOf(model.config, model.checkpoint.weights),
  );
  for (const i of BATCH) {
    const plain = plainReading(streamsOf(i), tensors);
    const expected = logSoftmax(Float32Array.from(plain.risk));
    for (const [c, x] of expected.entries()) {
      expect(classes[i * CLASSES.length + c]).toBeCloseTo(Math.exp(x), 5);
    }
    const own = query.subarray(i * shape.width, (i + 1) * shape.width);
    for (const [k, x] of plain.query.entries()) expect(own[k]).toBeCloseTo(x, 4);
    // A score is the product of a query and the key of a token, which is computed once for all.
    const token = EXAMPLES[i]!.next;
    const common = tensors.get('candidate.common')!.data;
    const score = [...own].reduce(
      (sum, x, k) => sum + (x + common[k]!) * keys[token * shape.width + k]!,
      0,
    );
    const table = readTensor(embeddingOf(model.config, model.checkpoint.weights)).data;
    const embedding = table.subarray(token * shape.dModel, (token + 1) * shape.dModel);
    expect(score).toBeCloseTo(plainScore(plain.query, embedding, 0, tensors), 4);
  }
});
