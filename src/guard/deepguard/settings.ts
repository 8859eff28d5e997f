import { z } from 'zod';
import { LENGTH_POLICIES } from '../data/tokens.js';

/**
 * Everything in which DeepGuard (ACL 2026) can be built in more than one way. Each choice that its
 * paper and its released code make differently is a field of its own.
 */
export const deepGuardSettings = z.strictObject({
  /** How many of the last hidden states are read; the last one is after the final norm, as Hugging Face has it. */
  layers: z.int().min(1),
  /** How they become one: attention whose query is their mean, their mean, or the last alone. */
  aggregator: z.enum(['attention', 'average', 'last_layer']),
  /** `linear`: three matrices. `affine`: with biases, and one more for the output. */
  projections: z.enum(['linear', 'affine']),
  /** Scores are averaged over a sequence's tokens, or over all positions up to `maxTokens`, padding included. */
  mean: z.enum(['tokens', 'padded']),
  /** The hinge is taken for each pair, or once, on the batch's mean scores. */
  hinge: z.enum(['pair', 'batch']),
  /** How much higher the secure function is to score. */
  margin: z.number().positive(),
  /** Whether the model learns from how it reads the vulnerable function, or the analyser alone. */
  vulnerableGradient: z.boolean(),
  /** The divergence counts for no more than this, and beyond it has no gradient; null for no limit. */
  klLimit: z.number().positive().nullable(),
  /** Factors of the three losses. */
  weights: z.strictObject({
    generation: z.number().min(0),
    security: z.number().min(0),
    kl: z.number().min(0),
  }),
  maxTokens: z.int().min(2),
  /** What becomes of longer functions. */
  tooLong: z.enum(LENGTH_POLICIES),
  /** What the prior is multiplied by, of the prompt's mean score s: 1 - s, 1 / s, or 1/2 whatever s is. */
  strength: z.enum(['complement', 'inverse', 'half']),
  /** Whether the second and third generated tokens get the prior's positive part once more. */
  earlyBoost: z.boolean(),
});

export type DeepGuardSettings = z.infer<typeof deepGuardSettings>;

const SHARED = {
  layers: 4,
  aggregator: 'attention',
  margin: 0.5,
  weights: { generation: 1, security: 0.5, kl: 1 },
  maxTokens: 1024,
} as const;

/** What the paper says, and what the released code does (docs/guard.md has the places). */
export const VARIANTS: Readonly<Record<'paper' | 'code', DeepGuardSettings>> = {
  paper: {
    ...SHARED,
    projections: 'linear',
    mean: 'tokens',
    hinge: 'pair',
    vulnerableGradient: true,
    klLimit: null,
    tooLong: 'skip',
    strength: 'complement',
    earlyBoost: false,
  },
  code: {
    ...SHARED,
    projections: 'affine',
    mean: 'padded',
    hinge: 'batch',
    vulnerableGradient: false,
    klLimit: 1,
    tooLong: 'truncate',
    strength: 'inverse',
    earlyBoost: true,
  },
};
export type Variant = keyof typeof VARIANTS;
