import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy } from '../../core/index.js';
import { Device, loadModel, type Model } from '../../engine/index.js';
import { Graph, serialize } from '../../graph/index.js';
import type { Tensor } from '../../tensor/index.js';
import { Trainer } from '../../train/index.js';
import type { FunctionSample } from '../data/samples.js';
import { divergence, fixture, lively, logSoftmax, mean, slopes } from '../testing/numeric.js';
import { contrasts, SvenObjective } from './objective.js';
import { type Control, initialPrefix, prefixOf } from './prefix.js';

const sample = (side: Control, ids: number[], learnt: number[]): FunctionSample => ({
  id: 'p',
  cwe: undefined,
  language: undefined,
  side,
  ids,
  changed: ids.map((_, i) => learnt.includes(i)),
});
const BATCH = [
  sample('secure', [5, 9, 44, 12, 7], [2, 4]),
  sample('vulnerable', [5, 9, 31, 200, 7, 7, 64], [1, 3, 6]),
  sample('secure', [8, 6, 4], [2]),
];
const LENGTH = 3;

describe.each(['llama_f32', 'gpt2_f32', 'gemma2_bf16', 'codegen_bf16'])('on %s', (name) => {
  const training = { length: LENGTH, contrastive: 4, kl: 1.6, dropout: 0, seed: 0 };
  let model: Model;
  let device: Device;
  let tensors: Map<string, Tensor>;
  let make: (
    initial: ReadonlyMap<string, Tensor>,
    changes?: object,
  ) => Promise<Trainer<readonly FunctionSample[]>>;
  beforeAll(async () => {
    model = await loadModel(fixture(name), { threads: 1 });
    device = new Device({ threads: 1 });
    const { config, checkpoint } = model;
    tensors = lively(initialPrefix(config, LENGTH), 0.5);
    make = (initial, changes) => {
      const frozen = { kind: 'frozen', weights: checkpoint.weights } as const;
      const objective = new SvenObjective(config, frozen, { ...training, ...changes });
      return Trainer.of(device, objective, initial);
    };
  });
  afterAll(async () => {
    await device.close();
    await model.close();
  });

  /** Log-probabilities after each token but the last, as generation computes them behind a prefix. */
  async function rowsUnder(ids: readonly number[], control?: Control): Promise<number[][]> {
    const prompts = ids.slice(1).map((_, t) => ids.slice(0, t + 1));
    const rows: number[][] = [];
    await model.generate(
      { tokens: prompts },
      {
        maxNewTokens: 1,
        ...(control && { prefix: prefixOf(tensors, control, model.config) }),
        processors: [
          (logits, { prompt }) => {
            rows[prompt] = logSoftmax(logits);
          },
        ],
      },
    );
    return rows;
  }

  /** Each loss in float64 loops. */
  async function plainLosses(batch: readonly FunctionSample[]) {
    const found = { generation: 0, contrastive: 0, kl: 0 };
    for (const { side, ids, changed } of batch) {
      const right = await rowsUnder(ids, side);
      const wrong = await rowsUnder(ids, side === 'secure' ? 'vulnerable' : 'secure');
      const base = await rowsUnder(ids);
      const losses: number[] = [];
      const contrasts: number[] = [];
      const drifts: number[] = [];
      for (let j = 1; j < ids.length; j++) {
        const [own, other] = [right, wrong].map((rows) => Math.exp(rows[j - 1]![ids[j]!]!));
        if (changed[j]) {
          losses.push(-Math.log(own!));
          contrasts.push(-Math.log(own! / (own! + other!)));
        } else {
          const drift = (rows: number[][]) => divergence(base[j - 1]!, rows[j - 1]!);
          drifts.push(drift(right) + drift(wrong));
        }
      }
      found.generation += mean(losses) / batch.length;
      found.contrastive += mean(contrasts) / batch.length;
      found.kl += mean(drifts) / batch.length;
    }
    return found;
  }

  it('has the losses of plain loops over what generation computes', async () => {
    const expected = await plainLosses(BATCH);
    const trainer = await make(tensors);
    const options = { steps: 1, schedule: { peak: 1e-12 }, quiet: true };
    const [report] = await trainer.run({ batch: () => BATCH }, options);
    for (const [part, value] of Object.entries(expected)) {
      expect(Math.abs(report!.parts[part]! / value - 1), part).toBeLessThan(2e-5);
    }
    const total = expected.generation + 4 * expected.contrastive + 1.6 * expected.kl;
    expect(report!.loss).toBeCloseTo(total, 4);
    expect(expected.kl).toBeGreaterThan(1e-3);
    // The same in two passes.
    expect(await trainer.evaluate([BATCH.slice(0, 1), BATCH.slice(1)])).toBeCloseTo(total, 4);
  });

  it('has the gradients of central differences', async () => {
    const gradients = await (await make(tensors)).gradients([BATCH]);
    for (const [group, keys] of groupBy([...gradients.keys()], (key) => key.split('.').at(-1)!)) {
      const loss = async (changed: ReadonlyMap<string, Tensor>) =>
        (await make(changed)).evaluate([BATCH]);
      const { length, measured } = await slopes(tensors, gradients, keys, loss, 2e-2);
      expect(length, group).toBeGreaterThan(1e-3);
      expect(Math.abs(measured - length), group).toBeLessThan(3e-4 + 0.02 * length);
    }
  });

  it('drops values of the prefix in training, and of nothing else', async () => {
    const losses = async (changes: object, batch: number) => {
      const trainer = await make(tensors, changes);
      const options = { steps: batch + 1, schedule: { peak: 1e-12 }, quiet: true };
      return (await trainer.run({ batch: () => BATCH }, options)).map(({ loss }) => loss);
    };
    const [whole] = await losses({}, 0);
    const dropped = await losses({ dropout: 0.5, seed: 3 }, 1);
    expect(Math.abs(dropped[0]! - whole!)).toBeGreaterThan(1e-3);
    expect(Math.abs(dropped[0]! - dropped[1]!)).toBeGreaterThan(1e-3);
    expect(await losses({ dropout: 0.5, seed: 3 }, 1)).toEqual(dropped);
    expect(await (await make(tensors, { dropout: 0.5 })).evaluate([BATCH])).toBeCloseTo(whole!, 5);
  });
});

it('contrasts two probabilities', async () => {
  const graph = new Graph();
  const [own, other] = ['own', 'other'].map((name) => graph.input(name, 'f32', ['n']));
  graph.output('y', contrasts(own!, other!));
  const device = new Device({ threads: 1 });
  const session = await device.load(serialize(graph));
  const feed = (...data: number[]) =>
    ({ dtype: 'f32', dims: [data.length], data: Float32Array.from(data) }) as const;
  // 0.6 beside 0.2, alike, and far beyond what a quotient of probabilities could hold.
  const feeds = {
    own: feed(-Math.log(0.6), 1, 300),
    other: feed(-Math.log(0.2), 1, 100),
  };
  const [y] = await device.run(session, feeds, { fetch: ['y'] });
  await device.close();
  for (const [i, value] of [Math.log(4 / 3), Math.log(2), 200].entries()) {
    expect(y!.data[i]).toBeCloseTo(value, 4);
  }
});
