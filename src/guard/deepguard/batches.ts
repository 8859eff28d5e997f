import { ensure, Random } from '../../core/index.js';
import type { DataSource } from '../../train/index.js';
import type { TokenPair } from '../data/tokens.js';

/** Pairs whose losses are taken together. */
export type PairBatch = readonly TokenPair[];

/** All pairs once an epoch, in an order that the seed gives; the last batch of an epoch may be smaller. */
export class PairBatches implements DataSource<PairBatch> {
  readonly perEpoch: number;
  readonly #pairs: readonly TokenPair[];
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch: { number: number; order: TokenPair[] } | undefined;

  constructor(pairs: readonly TokenPair[], options: { batchSize: number; seed: number }) {
    ensure(pairs.length > 0, 'BAD_DATA', 'There is no pair to learn from.');
    this.#pairs = pairs;
    this.#batchSize = options.batchSize;
    this.#seed = options.seed;
    this.perEpoch = Math.ceil(pairs.length / options.batchSize);
  }

  batch(step: number): PairBatch {
    const number = Math.floor(step / this.perEpoch);
    if (this.#epoch?.number !== number) {
      const random = new Random(this.#seed, 'pairs', number);
      this.#epoch = { number, order: random.shuffle(this.#pairs) };
    }
    const start = (step % this.perEpoch) * this.#batchSize;
    return this.#epoch.order.slice(start, start + this.#batchSize);
  }
}

/** Batches in the given order, for validation. */
export function inBatches(pairs: readonly TokenPair[], batchSize: number): PairBatch[] {
  return Array.from({ length: Math.ceil(pairs.length / batchSize) }, (_, i) =>
    pairs.slice(i * batchSize, (i + 1) * batchSize),
  );
}

/** What one occurrence of a token moves its prior by. */
const MOVE = 0.01;

/**
 * The token prior T (DeepGuard, section 3.3): before each batch, 0.01 up for every occurrence of a token in
 * its secure functions, 0.01 down for every one in its vulnerable ones, and then held within [-1, 1].
 *
 * @param batches those that were trained on, in order
 * @returns [vocab]
 */
export function tokenPrior(batches: Iterable<PairBatch>, vocabSize: number): Float32Array {
  const prior = new Float64Array(vocabSize);
  for (const batch of batches) {
    const moved = new Set<number>();
    for (const { vulnerable, secure } of batch) {
      for (const id of vulnerable.ids) prior[id]! -= MOVE;
      for (const id of secure.ids) prior[id]! += MOVE;
      for (const id of [...vulnerable.ids, ...secure.ids]) moved.add(id);
    }
    for (const id of moved) prior[id] = Math.min(1, Math.max(-1, prior[id]!));
  }
  return Float32Array.from(prior);
}
