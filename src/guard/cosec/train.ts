import type { Model } from '../../engine/index.js';
import { loraModules, type ModelConfig } from '../../models/index.js';
import { type StepReport, type Trainable, writeAdapter } from '../../train/index.js';
import { originOf } from '../bound.js';
import type { TokenPair } from '../data/tokens.js';
import { countOf, loraOn } from '../lora.js';
import { ensureTrainable, optimise, type Pace, type TrainingOptions } from '../optimise.js';
import { SafeCoderObjective } from '../safecoder/objective.js';
import { writeExpert } from './file.js';
import { expertSamples } from './samples.js';

/** What CoSec's code does where nothing else is said. */
export const COSEC = {
  epochs: 8,
  batchSize: 1,
  accumulate: 2,
  rate: 5e-5,
  /** Steps that lead up to the rate. */
  warmup: 50,
  rank: 8,
  alpha: 16,
  dropout: 0.05,
  seed: 3407,
  maxTokens: 1024,
} as const;

export interface CoSecOptions extends TrainingOptions, Partial<Pace> {
  /** Where the adapter goes; checkpoints are kept in `checkpoints/` in it, and a run that was cut off resumes. */
  dir: string;
  /** Of the adapters. Defaults to 8, and alpha to 16. */
  rank?: number;
  alpha?: number;
  /** Last parts of the adapted layers' names. Defaults to `coSecTargets`. */
  targetModules?: readonly string[];
  /** In the adapters. Defaults to 0.05. */
  dropout?: number;
  /** Steps that lead linearly up to the rate, however many there are in all. Defaults to 50. */
  warmup?: number;
  /** Most tokens of a function. Defaults to 1024. */
  maxTokens?: number;
}

/** What a run of training came to. */
export interface CoSecRun {
  steps: number;
  targetModules: readonly string[];
  /** Trained numbers. */
  parameters: number;
  /** Functions of an epoch. */
  samples: number;
  unused: { tooLong: string[] };
  /** Of the steps that were done now. */
  reports: StepReport[];
}

/** Layers that hold queries, keys and values in one. */
const FUSED = ['c_attn', 'query_key_value', 'qkv_proj'];

/**
 * What PEFT adapts where nothing is said, by the last parts of the names: all of the attention's inputs where they
 * are one layer, else queries and values; in Phi the MLP too.
 */
export function coSecTargets(config: ModelConfig): string[] {
  if (config.family === 'phi') return ['q_proj', 'v_proj', 'fc1', 'fc2'];
  const names = [...loraModules(config).keys()].map((module) => module.split('.').at(-1)!);
  const fused = FUSED.find((name) => names.includes(name));
  return fused === undefined ? ['q_proj', 'v_proj'] : [fused];
}

/**
 * CoSec's loss: of each secure function the mean cross-entropy of the tokens that are learnt, + the mean divergence
 * KL(model as it was || expert) of the others. It is SafeCoder's, without what SafeCoder learns from beside.
 */
export const coSecObjective = (
  config: ModelConfig,
  trainable: Extract<Trainable, { kind: 'lora' }>,
  { dropout, seed }: { dropout: number; seed: number },
): SafeCoderObjective =>
  new SafeCoderObjective(config, trainable, {
    weight: 1,
    kl: 1,
    dropout,
    seed,
    sides: ['secure'],
  });

/**
 * Trains CoSec's expert: a LoRA adapter on a small model, which a larger one with the same tokenizer then writes with
 * (`CoSecGuide`). AdamW, a rate that falls linearly to 0, gradients clipped to norm 1.
 *
 * @param pairs whole functions with `char` as their level (`tokenPairs`): longer ones are left out here
 * @throws {SutureError} BAD_DATA where nothing is left to learn from; BAD_ARGUMENT for modules that the model does not
 *   have; UNSUPPORTED where its weights are not f32; INTERRUPTED; DISK
 * @example
 * const { pairs } = tokenPairs(small.tokenizer, functions, { level: 'char', maxTokens: 1e9 });
 * await trainCoSec(small, pairs, { dir: 'runs/expert' });
 */
export async function trainCoSec(
  model: Model,
  pairs: readonly TokenPair[],
  options: CoSecOptions,
): Promise<CoSecRun> {
  const {
    dir,
    epochs,
    batchSize,
    accumulate,
    rate,
    warmup,
    rank,
    alpha,
    dropout,
    seed,
    maxTokens,
  } = { ...COSEC, ...options };
  const { config } = model;
  ensureTrainable(model);
  const most = config.rope ? maxTokens : Math.min(maxTokens, config.maxPositions);
  const { samples, tooLong } = expertSamples(pairs, { maxTokens: most });
  const targetModules = options.targetModules ?? coSecTargets(config);
  const lora = { rank, alpha, targetModules, dropout };
  const { trainable, initial } = loraOn(model, lora, seed, options);
  const pace = { epochs, batchSize, accumulate, rate, seed };
  const { parameters, steps, reports } = await optimise(
    {
      dir,
      objective: coSecObjective(config, trainable, { dropout, seed }),
      initial,
      items: samples,
      pace,
      warmup: { steps: warmup },
    },
    options,
  );
  writeAdapter(dir, parameters, { ...lora, baseModel: model.id });
  writeExpert(dir, {
    ...originOf(model, pairs),
    training: { ...lora, ...pace, warmup, maxTokens },
  });
  return {
    steps,
    targetModules,
    parameters: countOf(parameters),
    samples: samples.length,
    unused: { tooLong },
    reports,
  };
}
