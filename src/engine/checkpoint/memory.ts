import { freemem, totalmem } from 'node:os';
import type { ModelConfig } from '../../models/index.js';
import { sizeOf, type TensorEntry } from '../../tensor/index.js';
import { quantisedBytes } from '../quantise/file.js';
import { KINDS, type Kind } from './store.js';

/** What one graph of a model and the cache of one sequence take, in bytes. */
export interface MemoryNeed {
  dtype: Kind;
  weights: number;
  /** Keys and values of one sequence, by its length in tokens. */
  contexts: { tokens: number; cache: number; fits: Fit }[];
}

/** `now`: in what is free; `alone`: if other programs gave up theirs; `no`: not on this machine. */
export type Fit = 'now' | 'alone' | 'no';

/** Memory of this machine, or of the container that this process is in, in bytes. */
export interface Memory {
  available: number;
  total: number;
}

export function memoryHere(): Memory {
  // The container's limit is beyond all bounds where there is none.
  return {
    available: Math.min(freemem(), process.availableMemory()),
    total: Math.min(totalmem(), process.constrainedMemory() || totalmem()),
  };
}

/** Lengths of sequences that memory is given for; the longest one a model takes comes last. */
const LENGTHS = [256, 2048, 8192];

/**
 * What a model needs in each precision. The arithmetic has room of its own besides: some hundred MB
 * for long prompts.
 */
export function memoryNeeds(
  config: ModelConfig,
  weights: readonly TensorEntry[],
  { available, total }: Memory,
): MemoryNeed[] {
  const lengths = [...LENGTHS.filter((n) => n < config.maxPositions), config.maxPositions];
  return KINDS.map((dtype) => {
    const bytes = weightBytes(config, weights, dtype);
    const contexts = lengths.map((tokens) => {
      const cache = cacheBytes(config, tokens);
      const need = bytes + cache;
      const fits: Fit = need <= available ? 'now' : need <= total ? 'alone' : 'no';
      return { tokens, cache, fits };
    });
    return { dtype, weights: bytes, contexts };
  });
}

function weightBytes(config: ModelConfig, weights: readonly TensorEntry[], dtype: Kind): number {
  if (dtype !== 'f32') return quantisedBytes(config, weights, dtype);
  return weights.reduce((sum, { dims }) => sum + 4 * sizeOf(dims), 0);
}

/** Keys and values are float32, and kept for all positions also where a window slides. */
export function cacheBytes({ nLayers, nKvHeads, headDim }: ModelConfig, tokens: number): number {
  return 2 * 4 * nLayers * nKvHeads * headDim * tokens;
}
