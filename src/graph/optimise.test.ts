import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Random } from '../core/index.js';
import { Graph } from './graph.js';
import { adamW, clipGradients, globalNorm } from './optimise.js';
import { serialize } from './serialize.js';

const SETTINGS = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
const DECAY = [0.1, 0];
const SHAPES = [[2, 3], [4]];

/** The published algorithm (Loshchilov & Hutter 2019, algorithm 2) on plain numbers. */
class PlainAdamW {
  readonly m: number[][] = SHAPES.map(() => []);
  readonly v: number[][] = SHAPES.map(() => []);
  t = 0;

  step(parameters: number[][], gradients: number[][], rate: number, maxNorm: number): number {
    const norm = Math.sqrt(gradients.flat().reduce((sum, g) => sum + g * g, 0));
    const factor = norm > maxNorm ? maxNorm / norm : 1;
    const { beta1, beta2, epsilon } = SETTINGS;
    this.t++;
    for (const [p, values] of parameters.entries()) {
      for (const i of values.keys()) {
        const g = gradients[p]![i]! * factor;
        const m = beta1 * (this.m[p]![i] ?? 0) + (1 - beta1) * g;
        const v = beta2 * (this.v[p]![i] ?? 0) + (1 - beta2) * g * g;
        this.m[p]![i] = m;
        this.v[p]![i] = v;
        const mHat = m / (1 - beta1 ** this.t);
        const vHat = v / (1 - beta2 ** this.t);
        values[i]! -= rate * (mHat / (Math.sqrt(vHat) + epsilon) + DECAY[p]! * values[i]!);
      }
    }
    return norm;
  }
}

function updateGraph(): Graph {
  const g = new Graph();
  const scalar = (name: string) => g.input(name, 'f32', []);
  const step = {
    learningRate: scalar('rate'),
    correction1: scalar('correction1'),
    correction2: scalar('correction2'),
  };
  const input = (name: string) => SHAPES.map((dims, p) => g.input(`${name}${p}`, 'f32', dims));
  const gradients = input('gradient');
  const norm = globalNorm(gradients);
  g.output('norm', norm);
  const clipped = clipGradients(g, gradients, norm, scalar('maxNorm'));
  const [parameters, ms, vs] = [input('parameter'), input('m'), input('v')];
  for (const p of SHAPES.keys()) {
    const state = { parameter: parameters[p]!, m: ms[p]!, v: vs[p]!, gradient: clipped[p]! };
    const next = adamW(state, step, SETTINGS, DECAY[p]!);
    for (const key of ['parameter', 'm', 'v'] as const) g.output(`next ${key}${p}`, next[key]);
  }
  return g;
}

describe('AdamW as a graph', () => {
  it.each([
    ['without a limit to the gradients', Number.POSITIVE_INFINITY],
    ['with a limit that acts', 0.5],
    ['with a limit that acts at times', 3],
  ])('agrees with plain arithmetic over 6 steps, %s', async (_, maxNorm) => {
    const random = new Random('adamw', String(maxNorm));
    const draw = () =>
      SHAPES.map((dims) =>
        Array.from({ length: dims.reduce((a, b) => a * b) }, random.normal, random),
      );
    const session = await ort.InferenceSession.create(serialize(updateGraph()));
    const tensor = (dims: number[], data: Iterable<number>) =>
      new ort.Tensor('float32', Float32Array.from(data), dims);
    const start = draw().map((values) => values.map(Math.fround));
    const state: Record<string, ort.Tensor> = {};
    for (const [p, dims] of SHAPES.entries()) {
      state[`parameter${p}`] = tensor(dims, start[p]!);
      state[`m${p}`] = tensor(
        dims,
        start[p]!.map(() => 0),
      );
      state[`v${p}`] = state[`m${p}`]!;
    }
    const expected = start.map((values) => values.slice());
    const plain = new PlainAdamW();
    for (let t = 1; t <= 6; t++) {
      const gradients = draw().map((values) => values.map((x) => Math.fround(x * t * 0.4)));
      const rate = Math.fround(0.05 / t);
      const scalars = {
        rate: tensor([], [rate]),
        correction1: tensor([], [1 - SETTINGS.beta1 ** t]),
        correction2: tensor([], [1 - SETTINGS.beta2 ** t]),
        maxNorm: tensor([], [maxNorm]),
      };
      const fed = gradients.map((values, p) => [`gradient${p}`, tensor(SHAPES[p]!, values)]);
      const out = await session.run({ ...state, ...scalars, ...Object.fromEntries(fed) });
      const norm = plain.step(expected, gradients, rate, maxNorm);
      expect(out.norm!.data[0]).toBeCloseTo(norm, 5);
      for (const key of Object.keys(state)) state[key] = out[`next ${key}`]!;
      for (const [p, values] of expected.entries()) {
        for (const [i, x] of values.entries()) {
          expect(state[`parameter${p}`]!.data[i]).toBeCloseTo(x, 6);
          expect(state[`m${p}`]!.data[i]).toBeCloseTo(plain.m[p]![i]!, 6);
          expect(state[`v${p}`]!.data[i]).toBeCloseTo(plain.v[p]![i]!, 6);
        }
      }
    }
    await session.release();
  });
});
