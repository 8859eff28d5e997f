import { fileURLToPath } from 'node:url';
import { Random } from '../../core/index.js';
import type { Tensor } from '../../tensor/index.js';

/** The model of a fixture. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/${name}/model`, import.meta.url));

export const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;

/** In float64. */
export function logSoftmax(logits: Float32Array): number[] {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, x) => total + Math.exp(x - most), 0);
  return [...logits].map((x) => x - most - Math.log(sum));
}

/** KL(p || q) of logarithms. */
export const divergence = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, x, i) => sum + Math.exp(x) * (x - q[i]!), 0);

/** The same parameters with noise on all of them, so that none is zero and can be forgotten. */
export const lively = (tensors: ReadonlyMap<string, Tensor>, size: number): Map<string, Tensor> =>
  new Map(
    [...tensors].map(([key, { dims, data }]) => {
      const random = new Random('lively', key);
      return [key, { dims, data: data.map((x) => x + size * random.normal()) }];
    }),
  );

/**
 * A gradient beside central differences: its length over some parameters, and how much the loss grows along it.
 *
 * @param keys the parameters that are moved together
 */
export async function slopes(
  tensors: ReadonlyMap<string, Tensor>,
  gradients: ReadonlyMap<string, Tensor>,
  keys: readonly string[],
  loss: (tensors: ReadonlyMap<string, Tensor>) => Promise<number>,
  step = 5e-3,
): Promise<{ length: number; measured: number }> {
  const squares = keys.flatMap((key) => [...gradients.get(key)!.data].map((x) => x * x));
  const length = Math.sqrt(squares.reduce((a, b) => a + b, 0));
  const moved = (by: number) => {
    const changed = new Map(tensors);
    for (const key of keys) {
      const { dims, data } = tensors.get(key)!;
      const along = gradients.get(key)!.data;
      changed.set(key, { dims, data: data.map((x, i) => x + (by * along[i]!) / length) });
    }
    return loss(changed);
  };
  return { length, measured: ((await moved(step)) - (await moved(-step))) / (2 * step) };
}
