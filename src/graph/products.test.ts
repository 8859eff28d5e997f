import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { Random } from '../core/index.js';
import { Graph } from './graph.js';
import { type MatmulOptions, matmul } from './ops/matmul.js';
import { serialize } from './serialize.js';

const cases: [string, number[], number[], MatmulOptions][] = [
  ['a weight, transposed', [2, 3, 4], [5, 4], { transB: true }],
  ['a weight, scaled', [3, 4], [4, 5], { alpha: 0.5 }],
  ['keys, transposed and scaled', [2, 3, 4, 8], [2, 1, 6, 8], { transB: true, alpha: 0.25 }],
  ['both transposed', [2, 4, 3], [2, 5, 4], { transA: true, transB: true }],
];

it.each(cases)('a standard product is the fused one: %s', async (_, left, right, options) => {
  const random = new Random('products');
  const draw = (dims: number[]) =>
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal());
  const feeds = {
    a: new ort.Tensor('float32', draw(left), left),
    b: new ort.Tensor('float32', draw(right), right),
  };
  const run = async (standardProducts: boolean) => {
    const graph = new Graph({ standardProducts });
    const [a, b] = [graph.input('a', 'f32', left), graph.input('b', 'f32', right)];
    graph.output('y', matmul(a, b, options));
    expect(graph.nodes.some(({ op }) => op === 'FusedMatMul')).toBe(!standardProducts);
    const session = await ort.InferenceSession.create(serialize(graph), { logSeverityLevel: 3 });
    const { y } = await session.run(feeds);
    await session.release();
    return y!;
  };
  const [fused, standard] = [await run(false), await run(true)];
  expect(standard.dims).toEqual(fused.dims);
  const values = [...(fused.data as Float32Array)];
  for (const [i, x] of values.entries()) expect(standard.data[i]).toBeCloseTo(x, 5);
});
