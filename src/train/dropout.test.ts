import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../core/index.js';
import { Device } from '../engine/index.js';
import { Graph, gradients, mul, reduceSum, serialize } from '../graph/index.js';
import { Dropout, dropoutFeeds } from './dropout.js';

let device: Device;
beforeAll(() => {
  device = new Device({ threads: 1 });
});
afterAll(() => device.close());

const [B, S, D, RATE] = [4, 50, 64, 0.25];

/** Ones through two sites, the second at some rows only, and the gradient at the first. */
async function run(seed: number) {
  const graph = new Graph();
  const x = graph.input('x', 'f32', ['b', 's', D]);
  const rows = graph.input('rows', 'i64', ['rows']);
  const y = graph.input('y', 'f32', ['rows', D]);
  const dropout = new Dropout(graph, RATE);
  const first = dropout.apply(x, rows);
  const second = dropout.apply(y, rows);
  graph.output('first', first);
  graph.output('second', second);
  graph.output('gradient', gradients(reduceSum(mul(first, first)), [x])[0]!);
  const ones = (...dims: number[]) => ({
    dtype: 'f32' as const,
    dims,
    data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1),
  });
  const session = await device.load(serialize(graph));
  const feeds = {
    x: ones(B, S, D),
    y: ones(2, D),
    rows: { dtype: 'i64', dims: [2], data: BigInt64Array.of(3n, 70n) } as const,
    ...dropoutFeeds(new Random(seed), 2, B, S),
  };
  const values = await device.run(session, feeds, { fetch: ['first', 'second', 'gradient'] });
  return values.map(({ data }) => data);
}

it('drops the rate’s share, keeps the mean, and is the same for the same seed', async () => {
  const [first, second, gradient] = await run(1);
  const kept = Math.fround(1 / (1 - RATE));
  expect(new Set(first)).toEqual(new Set([0, kept]));
  expect(new Set(second)).toEqual(new Set([0, kept]));
  const dropped = first!.filter((value) => value === 0).length / first!.length;
  // 200 tokens of 64 values: a standard error of 0.004.
  expect(Math.abs(dropped - RATE)).toBeLessThan(0.02);
  const means = Array.from({ length: B * S }, (_, token) =>
    first!.slice(token * D, (token + 1) * D).join(),
  );
  expect(new Set(means).size).toBeGreaterThan(0.8 * B * S);
  for (const [i, value] of first!.entries()) expect(gradient![i]).toBeCloseTo(2 * value * value, 5);
  expect((await run(1))[0]).toEqual(first);
  expect((await run(2))[0]).not.toEqual(first);
});
