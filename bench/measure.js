import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Device } from '../dist/engine/index.js';
import { Graph, matmul, reduceSum, serialize } from '../dist/graph/index.js';

export const THREADS = 2;

/** Milliseconds that `work` takes. @param {() => Promise<unknown>} work */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return /** @type {number} */ (sorted[Math.floor(sorted.length / 2)]);
}

/** @param {readonly number[]} values */
export const best = (values) => Math.min(...values);

/** Values that differ everywhere, quickly made. @param {number} size @param {number} scale */
export function noise(size, scale) {
  const data = new Float32Array(size);
  let x = 0x9e3779b9;
  for (let i = 0; i < size; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    data[i] = (x / 2 ** 31) * scale;
  }
  return data;
}

/**
 * The best rate of one matrix product with a constant weight, in GFLOP/s.
 * @param {Device} device
 */
export async function gemmRate(device) {
  const [m, k, n] = [512, 2048, 2048];
  const g = new Graph();
  const w = g.constant('f32', { dims: [k, n], data: noise(k * n, 0.1) });
  g.output('y', matmul(g.input('x', 'f32', [m, k]), w));
  const session = await device.load(serialize(g));
  /** @type {import('../dist/engine/index.js').Feed} */
  const x = { dtype: 'f32', dims: [m, k], data: noise(m * k, 1) };
  await device.put('bench.x', x);
  const times = [];
  for (let i = 0; i < 30; i++) {
    times.push(
      await timed(() =>
        device.run(session, { x: { buffer: 'bench.x' } }, { keep: { y: 'bench.y' } }),
      ),
    );
  }
  await device.unload(session);
  await device.drop(['bench.x', 'bench.y']);
  return (2 * m * k * n) / best(times) / 1e6;
}

/** Compares two equal buffers (libc's memcmp) whenever it is told to. */
const COMPARER = `
  const { parentPort } = require('node:worker_threads');
  const [a, b] = [Buffer.alloc(2 ** 28, 7), Buffer.alloc(2 ** 28, 7)];
  parentPort.on('message', () => parentPort.postMessage(Buffer.compare(a, b)));
`;

/** Rates at which threads read memory by comparing buffers, ONNX Runtime apart, in GB/s. */
async function compareBandwidth() {
  const workers = Array.from({ length: THREADS }, () => new Worker(COMPARER, { eval: true }));
  const round = () =>
    Promise.all(
      workers.map((worker) => {
        worker.postMessage(0);
        return once(worker, 'message');
      }),
    );
  await round();
  const rates = [];
  for (let i = 0; i < 6; i++) rates.push((THREADS * 2 ** 29) / (await timed(round)) / 1e6);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return rates;
}

/**
 * Rates at which memory is read, in GB/s: by comparing buffers, by a sum over 1 GB, and by a
 * vector-matrix product with 1 GB: a list for each.
 * @param {Device} device
 * @returns {Promise<number[][]>}
 */
export async function readBandwidth(device) {
  const [rows, columns] = [4096, 65536];
  const bytes = 4 * rows * columns;
  await device.put('bench.m', {
    dtype: 'f32',
    dims: [rows, columns],
    data: noise(rows * columns, 1),
  });
  const all = [await compareBandwidth()];
  for (const build of [
    (/** @type {Graph} */ g) => reduceSum(g.input('m', 'f32', [rows, columns]), [1]),
    (/** @type {Graph} */ g) => {
      const vector = g.constant('f32', { dims: [1, rows], data: noise(rows, 1) });
      return matmul(vector, g.input('m', 'f32', [rows, columns]));
    },
  ]) {
    const g = new Graph();
    g.output('y', build(g));
    const session = await device.load(serialize(g));
    const feeds = { m: { buffer: 'bench.m' } };
    const rates = [];
    for (let i = 0; i < 6; i++) {
      rates.push(bytes / (await timed(() => device.run(session, feeds, { fetch: ['y'] }))) / 1e6);
    }
    await device.unload(session);
    all.push(rates);
  }
  await device.drop(['bench.m']);
  return all;
}

/** @param {string} what @param {string} figure @param {string} [target] */
export function report(what, figure, target) {
  console.log(`${what.padEnd(62)} ${figure.padStart(18)}${target ? `   target ${target}` : ''}`);
}
