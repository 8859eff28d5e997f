import type { TokenPair } from '../data/tokens.js';

/** Pairs whose losses are taken together. */
export type PairBatch = readonly TokenPair[];

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
