import type { PairOptions } from './train-pairs.js';

/** How a guard is made: Suture's own way, and DeepGuard's two. */
export const GUARD_VARIANTS = ['contextual', 'paper', 'code'] as const;
export type GuardVariant = (typeof GUARD_VARIANTS)[number];

type OfVariant = 'batch' | 'accumulate' | 'rate';

export interface GuardTrainingOptions
  extends Omit<PairOptions, OfVariant>,
    Partial<Pick<PairOptions, OfVariant>> {
  variant: GuardVariant;
  preset?: string;
  setting: [string, unknown][];
  /** False for `--no-adapter`. */
  adapter: boolean;
  ordinary?: string;
  rank?: number;
  alpha?: number;
  dropout: number;
  validation: number;
}

/** What was given of what each variant has a default of its own for. */
export const givenOf = ({ batch, accumulate, rate, rank, alpha }: GuardTrainingOptions) => ({
  ...(batch !== undefined && { batchSize: batch }),
  ...(accumulate !== undefined && { accumulate }),
  ...(rate !== undefined && { rate }),
  ...(rank !== undefined && { rank }),
  ...(alpha !== undefined && { alpha }),
});
