import { ensure } from '../../core/index.js';
import { ensurePrefixable, type Model } from '../../engine/index.js';
import { type ModelConfig, weightShapes } from '../../models/index.js';
import type { StepReport } from '../../train/index.js';
import { originOf } from '../bound.js';
import { functionSamples, type Unused } from '../data/samples.js';
import type { TokenPair } from '../data/tokens.js';
import { countOf } from '../lora.js';
import { ensureTrainable, optimise, type Pace, type TrainingOptions } from '../optimise.js';
import { writePrefix } from './file.js';
import { SvenObjective } from './objective.js';
import { initialPrefix, prefixOf } from './prefix.js';

/** What SVEN's code does where nothing else is said, whatever the model's size. */
export const SVEN = {
  batchSize: 1,
  accumulate: 2,
  rate: 1e-2,
  dropout: 0.1,
  /** Factor of the contrastive loss. */
  contrastive: 4,
  seed: 1,
  maxTokens: 1024,
} as const;

/** SVEN's sizes (CodeGen of 350 million, 2 and 6 billion parameters), and up to how many parameters a model counts as each. */
const SIZES = [
  { parameters: 2e9, length: 5, epochs: 8, kl: 1.6 },
  { parameters: 5e9, length: 8, epochs: 5, kl: 1.6 },
  { parameters: Number.POSITIVE_INFINITY, length: 12, epochs: 5, kl: 2 },
] as const;

/** What SVEN's code does for a model of this size: tokens of the prefix, epochs, factor of the divergence. */
export function svenSize(config: ModelConfig): { length: number; epochs: number; kl: number } {
  const shapes = [...weightShapes(config).values()];
  const count = shapes.reduce((sum, dims) => sum + dims.reduce((a, b) => a * b, 1), 0);
  const { parameters: _, ...size } = SIZES.find(({ parameters }) => count <= parameters)!;
  return size;
}

export interface SvenOptions extends TrainingOptions, Partial<Pace> {
  /** Where the prefixes go; checkpoints are kept in `checkpoints/` in it, and a run that was cut off resumes. */
  dir: string;
  /** Tokens that a prefix stands for. Defaults to 5, 8 or 12, by the model's size. */
  length?: number;
  /** In the prefix. Defaults to 0.1. */
  dropout?: number;
  /** Factor of the contrastive loss. Defaults to 4. */
  contrastive?: number;
  /** Factor of the divergences from the model without a prefix. Defaults to 1.6, or 2 for the largest models. */
  kl?: number;
  /** Most tokens of a function. Defaults to 1024. */
  maxTokens?: number;
}

/** What a run of training came to. */
export interface SvenRun {
  steps: number;
  /** Tokens that each prefix stands for. */
  length: number;
  /** Trained numbers, of both prefixes. */
  parameters: number;
  /** Functions of an epoch. */
  samples: number;
  unused: Unused;
  /** Of the steps that were done now. */
  reports: StepReport[];
}

/**
 * Trains SVEN's prefixes (He and Vechev 2023): one that makes a model write secure code, and, as a control, one that makes it
 * write vulnerable code. The model stays as it is. AdamW, a rate that falls linearly to 0, gradients clipped to norm 1.
 *
 * @param pairs whole functions with `mix` as their level (`tokenPairs`): longer functions are left out here
 * @throws {SutureError} BAD_DATA where nothing is left to learn from; BAD_ARGUMENT for a prefix of no tokens; UNSUPPORTED
 *   where the model's weights are not f32, or its positions allow no prefix; INTERRUPTED; DISK
 * @example
 * const { pairs } = tokenPairs(model.tokenizer, functions, { level: 'mix', maxTokens: 1e9 });
 * await trainSven(model, pairs, { dir: 'runs/sven' });
 * const { prefixes } = openPrefix('runs/sven', model);
 */
export async function trainSven(
  model: Model,
  pairs: readonly TokenPair[],
  options: SvenOptions,
): Promise<SvenRun> {
  const { config, checkpoint } = model;
  const {
    dir,
    length,
    epochs,
    batchSize,
    accumulate,
    rate,
    dropout,
    contrastive,
    kl,
    seed,
    maxTokens,
  } = { ...SVEN, ...svenSize(config), ...options };
  ensureTrainable(model);
  ensurePrefixable(config);
  ensure(
    Number.isInteger(length) && length > 0,
    'BAD_ARGUMENT',
    `A prefix must stand for 1 token or more; got ${length}.`,
  );
  const most = config.rope ? maxTokens : Math.min(maxTokens, config.maxPositions - length);
  const { samples, unused } = functionSamples(pairs, { maxTokens: most });
  const training = { length, contrastive, kl, dropout, seed };
  const pace = { epochs, batchSize, accumulate, rate, seed };
  const { parameters, steps, reports } = await optimise(
    {
      dir,
      objective: new SvenObjective(
        config,
        { kind: 'frozen', weights: checkpoint.weights, recompute: options.recompute ?? false },
        training,
      ),
      initial: initialPrefix(config, length),
      items: samples,
      pace,
    },
    options,
  );
  const prefixes = {
    secure: prefixOf(parameters, 'secure', config),
    vulnerable: prefixOf(parameters, 'vulnerable', config),
  };
  writePrefix(dir, prefixes, {
    ...originOf(model, pairs),
    length,
    training: { ...training, ...pace, maxTokens },
  });
  return {
    steps,
    length,
    parameters: countOf(parameters),
    samples: samples.length,
    unused,
    reports,
  };
}
