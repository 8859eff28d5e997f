import { ensure, Random } from '../../core/index.js';
import type { DataSource } from '../../train/index.js';

/** All items once an epoch, in an order that the seed gives; the last batch of an epoch may be smaller. */
export class Batches<T> implements DataSource<readonly T[]> {
  readonly perEpoch: number;
  readonly #items: readonly T[];
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch: { number: number; order: T[] } | undefined;

  /** @throws {SutureError} BAD_DATA where there is no item */
  constructor(items: readonly T[], options: { batchSize: number; seed: number }) {
    ensure(items.length > 0, 'BAD_DATA', 'There is nothing to learn from.');
    this.#items = items;
    this.#batchSize = options.batchSize;
    this.#seed = options.seed;
    this.perEpoch = Math.ceil(items.length / options.batchSize);
  }

  batch(step: number): readonly T[] {
    const number = Math.floor(step / this.perEpoch);
    if (this.#epoch?.number !== number) {
      const random = new Random(this.#seed, 'pairs', number);
      this.#epoch = { number, order: random.shuffle(this.#items) };
    }
    const start = (step % this.perEpoch) * this.#batchSize;
    return this.#epoch.order.slice(start, start + this.#batchSize);
  }
}

/** Batches in the given order, for validation. */
export function inBatches<T>(items: readonly T[], batchSize: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / batchSize) }, (_, i) =>
    items.slice(i * batchSize, (i + 1) * batchSize),
  );
}
