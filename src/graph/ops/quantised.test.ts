import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Random, SutureError } from '../../core/index.js';
import { gradients } from '../gradients.js';
import { Graph } from '../graph.js';
import { serialize } from '../serialize.js';
import { type BlockMatrix, gatherNBits, matMulNBits } from './quantised.js';
import { reduceSum } from './reduce.js';

const N = 9;

/** A random matrix [N, k] in few bits, its parts, and what it stands for. */
function randomMatrix(bits: 4 | 8, block: number, k: number, withZeros: boolean) {
  const random = new Random(1, 'matrix', bits, block, k);
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => random.float() * 256);
  const blocks = Math.ceil(k / block);
  const width = (blocks * block * bits) / 8;
  const zeroWidth = Math.ceil((blocks * bits) / 8);
  const codes = bytes(N * width);
  const scales = Float32Array.from({ length: N * blocks }, () => random.float());
  const zeros = withZeros ? bytes(N * zeroWidth) : undefined;
  const read = (from: Uint8Array, i: number) =>
    bits === 8 ? from[i]! : (from[i >> 1]! >> (4 * (i & 1))) & 15;
  const weights = Array.from({ length: N }, (_, n) =>
    Array.from({ length: k }, (_, i) => {
      const b = Math.floor(i / block);
      const zero = zeros ? read(zeros.subarray(n * zeroWidth), b) : 2 ** (bits - 1);
      return scales[n * blocks + b]! * (read(codes.subarray(n * width), i) - zero);
    }),
  );
  const parts = (g: Graph, codeDims: number[]): BlockMatrix => ({
    bits,
    block,
    k,
    codes: g.constant('u8', { dims: codeDims, data: codes }),
    scales: g.constant('f32', { dims: [N, blocks], data: scales }),
    zeros: zeros && g.constant('u8', { dims: [N, zeroWidth], data: zeros }),
  });
  return {
    weights,
    factor: (g: Graph) => parts(g, [N, blocks, width / blocks]),
    table: (g: Graph) => parts(g, [N, width]),
  };
}

async function run(g: Graph, feeds: Record<string, ort.Tensor>): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(serialize(g), { logSeverityLevel: 3 });
  const { y } = await session.run(feeds);
  await session.release();
  return y!;
}

// Widths that fill their last block, and widths that do not.
const cases = ([4, 8] as const).flatMap((bits) =>
  [32, 64].flatMap((block) =>
    [64, 72, 40].flatMap((k) => [true, false].map((zeros) => [bits, block, k, zeros] as const)),
  ),
);

describe.each(cases)('a matrix of %i bits, blocks of %i, k = %i, zero points %s', (...shape) => {
  const [, , k] = shape;
  const { weights, factor, table } = randomMatrix(...shape);

  it.each([1, 3, 20])('is multiplied with %i rows, but for the rounding of the rows', async (m) => {
    const random = new Random(2, 'x', m);
    const x = Float32Array.from({ length: m * k }, () => random.normal());
    const g = new Graph();
    g.output('y', matMulNBits(g.input('x', 'f32', ['b', 's', k]), factor(g)));
    const { dims, data } = await run(g, { x: new ort.Tensor('float32', x, [1, m, k]) });
    expect(dims).toEqual([1, m, N]);
    for (let row = 0; row < m; row++) {
      for (const [n, w] of weights.entries()) {
        const products = w.map((value, i) => value * x[row * k + i]!);
        const size = Math.hypot(...products);
        const want = products.reduce((a, b) => a + b);
        // Half a step of 1/127 of the block's largest value, at random in each product.
        expect(Math.abs((data as Float32Array)[row * N + n]! - want)).toBeLessThan(0.05 * size);
      }
    }
  });

  it('gives its rows exactly', async () => {
    const g = new Graph();
    g.output('y', gatherNBits(table(g), g.input('ids', 'i64', ['b', 's'])));
    const ids = new ort.Tensor('int64', BigInt64Array.of(0n, BigInt(N - 1), 4n, 0n), [2, 2]);
    const { dims, data } = await run(g, { ids });
    expect(dims).toEqual([2, 2, k]);
    const want = [0, N - 1, 4, 0].flatMap((n) => weights[n]!);
    expect([...(data as Float32Array)]).toEqual(want.map(Math.fround));
  });
});

describe('matrices in few bits', () => {
  const { factor } = randomMatrix(4, 32, 64, true);

  it('are not multiplied with rows of another width', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['b', 63]);
    expect(() => matMulNBits(x, factor(g))).toThrow(SutureError);
  });

  it('have no gradient', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['b', 64]);
    const loss = reduceSum(matMulNBits(x, factor(g)));
    expect(() => gradients(loss, [x])).toThrow('MatMulNBits has no gradient');
  });
});
