import { z } from 'zod';
import { LENGTH_POLICIES } from '../data/tokens.js';

/** What a contextual guard is trained with, beyond what any training has. */
export const contextualSettings = z.strictObject({
  /** Factors of the adapter's losses (`ContrastObjective`). */
  weights: z.strictObject({
    /** Cross-entropy of what the secure function has where the two differ. */
    secure: z.number().min(0),
    /** The secure function is to gain on the vulnerable one, where they differ. */
    contrast: z.number().min(0),
    /** Divergence from the model as it was, wherever nothing changed. */
    kl: z.number().min(0),
  }),
  /** How sharp the contrast is: DPO's beta (Rafailov et al. 2023). */
  beta: z.number().positive(),
  /** Width of the analyser's projections. */
  width: z.int().min(1),
  /** Which residual streams the analyser may read: all, with the embedding first, or the last of them. */
  layers: z.union([z.literal('all'), z.int().min(1)]),
  /** Factor of the gates' entropy: the larger, the fewer layers are read. */
  sparsity: z.number().min(0),
  /** Share of ordinary texts in which the guard may act at all. */
  budget: z.number().gt(0).lt(1),
  /** How many of the most probable tokens are weighed against each other. */
  candidates: z.int().min(2),
  maxTokens: z.int().min(2),
  tooLong: z.enum(LENGTH_POLICIES),
});

export type ContextualSettings = z.infer<typeof contextualSettings>;

export const CONTEXTUAL: ContextualSettings = {
  weights: { secure: 1, contrast: 0.2, kl: 16 },
  beta: 0.5,
  width: 64,
  layers: 'all',
  sparsity: 0.01,
  budget: 0.05,
  candidates: 16,
  maxTokens: 1024,
  tooLong: 'window',
};
