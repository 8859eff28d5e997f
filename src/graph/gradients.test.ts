import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Random } from '../core/index.js';
import type { Tensor, TypedArray } from '../tensor/index.js';
import { gradients, recomputed } from './gradients.js';
import { Graph, type Value } from './graph.js';
import * as ops from './index.js';
import { serialize } from './serialize.js';

/**
 * Every gradient rule against central differences of the graph itself, run by ONNX Runtime: in
 * float64 (relative error <= 1e-7) where the kernel exists for it, else in float32 (<= 2e-3, the
 * noise of differences with a step of 1e-2).
 */
type Float = 'f64' | 'f32';
interface Case {
  dtype: Float;
  inputs: number[][];
  build: (g: Graph, x: Value[]) => Value;
  /** Draws inputs; standard normal by default. */
  draw?: (random: Random) => number;
}

const positive = (random: Random) => 0.5 + random.float();
const awayFromZero = (random: Random) => (random.float() < 0.5 ? -1 : 1) * positive(random);
const ids = (g: Graph, ...values: number[]) => g.integers(values);
const flags = (g: Graph, values: number[], dims: number[]) =>
  g.constant('bool', { dims, data: Uint8Array.from(values) });

/** Heads of one row of three tokens at positions 0, 5 and 2; eight of each head's values turn. */
const rotaryCase = (options: ops.RotaryOptions): Case => ({
  dtype: 'f32',
  inputs: [[1, 3, 16]],
  build: (g, [x]) => {
    const angle = (position: number, i: number) => position * 0.7 ** i;
    const table = (f: (x: number) => number) =>
      g.constant('f32', {
        dims: [6, 4],
        data: Float32Array.from({ length: 24 }, (_, i) => f(angle(Math.floor(i / 4), i % 4))),
      });
    const rows = ops.reshape(ids(g, 0, 5, 2), [1, 3]);
    return ops.rotary(x!, rows, table(Math.cos), table(Math.sin), options);
  },
});

const cases: Record<string, Case> = {
  add: { dtype: 'f64', inputs: [[2, 3], [3]], build: (_, [a, b]) => ops.add(a!, b!) },
  'add, stretched rows': {
    dtype: 'f64',
    inputs: [
      [2, 1],
      [1, 3],
    ],
    build: (_, [a, b]) => ops.add(a!, b!),
  },
  sub: { dtype: 'f64', inputs: [[3], [2, 3]], build: (_, [a, b]) => ops.sub(a!, b!) },
  mul: {
    dtype: 'f64',
    inputs: [
      [2, 3],
      [2, 1],
    ],
    build: (_, [a, b]) => ops.mul(a!, b!),
  },
  'mul by itself': { dtype: 'f64', inputs: [[4]], build: (_, [a]) => ops.mul(a!, a!) },
  div: {
    dtype: 'f64',
    inputs: [[2, 3], [3]],
    build: (_, [a, b]) => ops.div(a!, b!),
    draw: positive,
  },
  neg: { dtype: 'f64', inputs: [[3]], build: (_, [a]) => ops.neg(a!) },
  scale: { dtype: 'f64', inputs: [[3]], build: (_, [a]) => ops.scale(a!, 2.5) },
  exp: { dtype: 'f64', inputs: [[3]], build: (_, [a]) => ops.exp(a!) },
  log: { dtype: 'f64', inputs: [[3]], build: (_, [a]) => ops.log(a!), draw: positive },
  sqrt: { dtype: 'f64', inputs: [[3]], build: (_, [a]) => ops.sqrt(a!), draw: positive },
  tanh: { dtype: 'f64', inputs: [[3]], build: (_, [a]) => ops.tanh(a!) },
  sigmoid: { dtype: 'f64', inputs: [[5]], build: (_, [a]) => ops.sigmoid(a!) },
  silu: { dtype: 'f32', inputs: [[6]], build: (_, [a]) => ops.silu(a!) },
  quickGelu: { dtype: 'f32', inputs: [[6]], build: (_, [a]) => ops.quickGelu(a!) },
  gelu: { dtype: 'f32', inputs: [[6]], build: (_, [a]) => ops.gelu(a!) },
  geluTanh: { dtype: 'f32', inputs: [[6]], build: (_, [a]) => ops.geluTanh(a!) },
  relu: { dtype: 'f32', inputs: [[16]], build: (_, [a]) => ops.relu(a!), draw: awayFromZero },
  where: {
    dtype: 'f32',
    inputs: [[2, 3], [3]],
    build: (g, [a, b]) => ops.where(flags(g, [1, 0, 1], [3]), a!, b!),
  },
  reduceSum: {
    dtype: 'f64',
    inputs: [[2, 3, 2]],
    build: (_, [a]) => ops.reduceSum(ops.mul(a!, a!), [1]),
  },
  'reduceSum, all': {
    dtype: 'f64',
    inputs: [[2, 3]],
    build: (_, [a]) => ops.reduceSum(ops.mul(a!, a!)),
  },
  reduceMean: {
    dtype: 'f64',
    inputs: [[2, 3]],
    build: (_, [a]) => ops.reduceMean(ops.mul(a!, a!), [-1], true),
  },
  reshape: { dtype: 'f64', inputs: [[2, 6]], build: (_, [a]) => ops.reshape(a!, [3, 4]) },
  expand: { dtype: 'f64', inputs: [[3, 1]], build: (_, [a]) => ops.expand(a!, [2, 3, 4]) },
  transpose: { dtype: 'f64', inputs: [[2, 3, 4]], build: (_, [a]) => ops.transpose(a!, [2, 0, 1]) },
  concat: {
    dtype: 'f64',
    inputs: [
      [2, 1],
      [2, 3],
    ],
    build: (_, [a, b]) => ops.concat([a!, b!, a!], 1),
  },
  split: {
    dtype: 'f64',
    inputs: [[2, 5]],
    build: (_, [a]) => {
      const [left, right] = ops.split(a!, [2, 3], 1);
      return ops.concat([ops.mul(right!, right!), left!], 1);
    },
  },
  'split, one piece unused': {
    dtype: 'f64',
    inputs: [[2, 5]],
    build: (_, [a]) => ops.split(a!, [2, 3], 1)[1]!,
  },
  // Row 1 is taken twice: its gradients add up.
  gather: { dtype: 'f32', inputs: [[4, 3]], build: (g, [a]) => ops.gather(a!, ids(g, 1, 3, 1)) },
  matmul: {
    dtype: 'f64',
    inputs: [
      [2, 3],
      [3, 4],
    ],
    build: (_, [a, b]) => ops.matmul(a!, b!),
  },
  'matmul, batched': {
    dtype: 'f64',
    inputs: [
      [2, 2, 3],
      [2, 3, 4],
    ],
    build: (_, [a, b]) => ops.matmul(a!, b!),
  },
  'matmul, batch broadcast': {
    dtype: 'f32',
    inputs: [
      [2, 2, 2, 3],
      [2, 1, 4, 3],
    ],
    build: (_, [a, b]) => ops.matmul(a!, b!, { transB: true }),
  },
  'matmul, weight under a batch': {
    dtype: 'f32',
    inputs: [
      [2, 2, 3],
      [4, 3],
    ],
    build: (_, [a, b]) => ops.matmul(a!, b!, { transB: true, alpha: 0.5 }),
  },
  'matmul, both transposed': {
    dtype: 'f32',
    inputs: [
      [3, 2],
      [4, 3],
    ],
    build: (_, [a, b]) => ops.matmul(a!, b!, { transA: true, transB: true }),
  },
  'matmul, first transposed': {
    dtype: 'f32',
    inputs: [
      [2, 3, 2],
      [2, 3, 4],
    ],
    build: (_, [a, b]) => ops.matmul(a!, b!, { transA: true, alpha: 2 }),
  },
  softmax: { dtype: 'f64', inputs: [[2, 4]], build: (_, [a]) => ops.softmax(a!) },
  logSoftmax: { dtype: 'f64', inputs: [[2, 4]], build: (_, [a]) => ops.logSoftmax(a!) },
  // Its second output, the inverse root mean square, is float32 whatever the input.
  rmsNorm: {
    dtype: 'f32',
    inputs: [[2, 3, 5], [5]],
    build: (_, [a, w]) => ops.rmsNorm(a!, w!, 1e-5),
  },
  rotary: rotaryCase({ headDim: 8 }),
  'rotary, in part': rotaryCase({ headDim: 16, rotated: 8 }),
  'rotary of neighbours': rotaryCase({ headDim: 8, interleaved: true }),
  'rotary of neighbours, in part': rotaryCase({ headDim: 16, rotated: 8, interleaved: true }),
  layerNorm: {
    dtype: 'f32',
    inputs: [[2, 2, 6], [6], [6]],
    build: (_, [x, weight, bias]) => ops.layerNorm(x!, weight!, bias, 1e-5),
  },
  'layerNorm without bias': {
    dtype: 'f32',
    inputs: [[3, 6], [6]],
    build: (_, [x, weight]) => ops.layerNorm(x!, weight!, undefined, 1e-5),
  },
  crossEntropy: {
    dtype: 'f64',
    inputs: [[3, 5]],
    build: (g, [a]) => {
      const weights = g.constant('f64', { dims: [3], data: Float64Array.of(0.5, 0, 2) });
      return ops.crossEntropy(a!, ids(g, 1, 4, 0), weights).loss;
    },
  },
  'crossEntropy, its log-probabilities': {
    dtype: 'f64',
    inputs: [[3, 5]],
    build: (g, [a]) => {
      const weights = g.constant('f64', { dims: [3], data: Float64Array.of(0.5, 1, 2) });
      const { loss, logProbabilities } = ops.crossEntropy(a!, ids(g, 1, 4, 0), weights);
      return ops.add(loss, ops.mul(logProbabilities, logProbabilities));
    },
  },
};

const ORT_TYPE = { f64: 'float64', f32: 'float32' } as const;

async function compare({ dtype, inputs, build, draw }: Case, name: string): Promise<number> {
  const random = new Random('gradient check', name);
  const fill = (dims: number[]): Tensor<TypedArray> => {
    const values = Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () =>
      draw ? draw(random) : random.normal(),
    );
    return { dims, data: dtype === 'f64' ? Float64Array.from(values) : Float32Array.from(values) };
  };
  const g = new Graph();
  const xs = inputs.map((dims, i) => g.input(`x${i}`, dtype, dims));
  const y = build(g, xs);
  const loss = ops.reduceSum(ops.mul(y, g.constant(dtype, fill(y.dims.map(Number)))));
  g.output('loss', loss);
  for (const [i, dx] of gradients(loss, xs).entries()) g.output(`d${i}`, dx);
  const session = await ort.InferenceSession.create(serialize(g));

  const tensors = inputs.map(fill);
  const run = async (fetch: string[]) => {
    const feeds = Object.fromEntries(
      tensors.map(({ dims, data }, i) => [
        `x${i}`,
        new ort.Tensor(ORT_TYPE[dtype], data as Float32Array, dims),
      ]),
    );
    return session.run(feeds, fetch);
  };
  const analytic = await run(inputs.map((_, i) => `d${i}`));
  const step = dtype === 'f64' ? 1e-5 : 1e-2;
  let error = 0;
  let size = 0;
  for (const [i, { dims, data }] of tensors.entries()) {
    const dx = analytic[`d${i}`]!;
    expect(dx.dims).toEqual(dims);
    for (let j = 0; j < data.length; j++) {
      const x = data[j] as number;
      const at = async (value: number) => {
        data[j] = value;
        return Number((await run(['loss'])).loss!.data[0]);
      };
      const numeric = ((await at(x + step)) - (await at(x - step))) / (2 * step);
      data[j] = x;
      error += (numeric - Number(dx.data[j])) ** 2;
      size += numeric ** 2;
    }
  }
  await session.release();
  return Math.sqrt(error / size);
}

describe('gradients agree with central differences', () => {
  for (const [name, example] of Object.entries(cases)) {
    it(`${name} (${example.dtype})`, async () => {
      expect(await compare(example, name)).toBeLessThan(example.dtype === 'f64' ? 1e-7 : 2e-3);
    });
  }

  it('gather adds up every one of many duplicates, on two threads, every time', async () => {
    const [rows, width, taken] = [20, 192, 4096];
    const g = new Graph();
    const table = g.input('table', 'f32', [rows, width]);
    const indices = g.input('indices', 'i64', [taken]);
    const loss = ops.reduceSum(ops.gather(table, indices));
    g.output('d', gradients(loss, [table])[0]!);
    const session = await ort.InferenceSession.create(serialize(g), { intraOpNumThreads: 2 });
    const ids = BigInt64Array.from({ length: taken }, (_, i) => BigInt((7 * i) % rows));
    const counts = Array<number>(rows).fill(0);
    for (const id of ids) counts[Number(id)]!++;
    for (let run = 0; run < 10; run++) {
      const { d } = await session.run({
        table: new ort.Tensor('float32', new Float32Array(rows * width), [rows, width]),
        indices: new ort.Tensor('int64', ids, [taken]),
      });
      const sums = d!.data as Float32Array;
      expect(sums.every((sum, i) => sum === counts[Math.floor(i / width)])).toBe(true);
    }
    await session.release();
  });

  it('a wrong rule would be caught', async () => {
    const wrong: Case = {
      dtype: 'f64',
      inputs: [[3]],
      build: (g, [x]) =>
        g.node('Exp', [x!], [{ dtype: 'f64', dims: [3] }], { backward: ([dy]) => [dy!] })[0]!,
    };
    expect(await compare(wrong, 'wrong')).toBeGreaterThan(0.1);
  });

  it('says so when there is no way back', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', [3]);
    const lonely = g.input('lonely', 'f32', [3]);
    const loss = ops.reduceSum(x);
    expect(() => gradients(loss, [lonely])).toThrow(/does not depend on lonely/);
    const opaque = g.node('Floor', [x], [{ dtype: 'f32', dims: [3] }])[0]!;
    expect(() => gradients(ops.reduceSum(opaque), [x])).toThrow(/Floor has no gradient/);
  });
});

it('nothing flows back through what is detached', async () => {
  const g = new Graph();
  const x = g.input('x', 'f32', [2]);
  const y = ops.detach(x);
  g.output('loss', ops.reduceSum(ops.mul(x, y)));
  g.output('dx', gradients(ops.reduceSum(ops.mul(x, y)), [x])[0]!);
  const session = await ort.InferenceSession.create(serialize(g), { logSeverityLevel: 3 });
  const { loss, dx } = await session.run({ x: new ort.Tensor('float32', [3, -2], [2]) });
  await session.release();
  expect([...(loss!.data as Float32Array)]).toEqual([13]);
  expect([...(dx!.data as Float32Array)]).toEqual([3, -2]);
});

describe('what is computed again on the way back', () => {
  /** Two bodies, one after the other, which share a weight; the loss reads what is between them as well. */
  const build = (wrap: typeof recomputed) => {
    const g = new Graph();
    const x = g.input('x', 'f64', [3]);
    const w = g.input('w', 'f64', [3]);
    const shift = g.input('shift', 'f64', [3]);
    const body = (h: Value) => ops.tanh(ops.add(ops.mul(h, w), shift));
    const between = wrap(x, body);
    const loss = ops.reduceSum(ops.mul(wrap(between, body), between));
    g.output('loss', loss);
    for (const [i, dx] of gradients(loss, [x, w]).entries()) g.output(`d${i}`, dx);
    return g;
  };
  const feeds = Object.fromEntries(
    Object.entries({ x: [0.3, -1, 2], w: [0.5, 1.5, -0.25], shift: [0.1, 0, -0.2] }).map(
      ([name, values]) => [name, new ort.Tensor('float64', Float64Array.from(values), [3])],
    ),
  );
  const run = async (g: Graph) => {
    const session = await ort.InferenceSession.create(serialize(g), { logSeverityLevel: 3 });
    const found = await session.run(feeds);
    await session.release();
    return Object.values(found).flatMap(({ data }) => [...(data as Float64Array)]);
  };

  it('has the gradients of what is kept', async () => {
    const [kept, again] = [build((x, body) => body(x)), build(recomputed)];
    const expected = await run(kept);
    for (const [i, value] of (await run(again)).entries()) {
      expect(value).toBeCloseTo(expected[i]!, 12);
    }
    const tanhs = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'Tanh').length;
    expect([tanhs(kept), tanhs(again)]).toEqual([2, 4]);
  });

  it('asks for no gradient that nobody wants', () => {
    // Nothing flows back to the shift: no node sums its gradient up.
    const g = build(recomputed);
    const sums = g.nodes.filter(({ inputs }) => inputs.some((value) => value?.name === 'shift'));
    expect(sums.every(({ op }) => op === 'Add')).toBe(true);
    expect(sums).toHaveLength(4);
  });
});
