import { ensure } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import { loraModules, type ModelConfig } from '../../models/index.js';
import { type StepReport, writeAdapter } from '../../train/index.js';
import { functionSamples, type Unused } from '../data/samples.js';
import type { TokenPair } from '../data/tokens.js';
import { countOf, loraOn } from '../lora.js';
import { ensureTrainable, optimise, type Pace, type TrainingOptions } from '../optimise.js';
import { answerSamples, type OrdinaryAnswer } from './answers.js';
import { SafeCoderObjective, type SafeCoderSample } from './objective.js';
import { oversampled } from './oversample.js';

/** What SafeCoder's code does where nothing else is said. */
export const SAFECODER = {
  epochs: 2,
  batchSize: 1,
  accumulate: 16,
  rate: 2e-5,
  rank: 16,
  alpha: 32,
  dropout: 0.1,
  seed: 2,
  /** Factor of the losses on functions. */
  weight: 1,
  /** Factor of the divergence. */
  kl: 0,
  /** Samples that every class of one language and weakness is brought to. */
  oversample: 20,
  maxTokens: 1024,
} as const;

export interface SafeCoderOptions extends TrainingOptions, Partial<Pace> {
  /** Where the adapter goes; checkpoints are kept in `checkpoints/` in it, and a run that was cut off resumes. */
  dir: string;
  /** What the model is to stay good at. Defaults to nothing. */
  utility?: readonly OrdinaryAnswer[];
  /** Of the adapters. Defaults to 16, and alpha to 32. */
  rank?: number;
  alpha?: number;
  /** Last parts of the adapted layers' names. Defaults to `safeCoderTargets`. */
  targetModules?: readonly string[];
  /** In the adapters. Defaults to 0.1. */
  dropout?: number;
  /** Factor of the two losses on functions. Defaults to 1. */
  weight?: number;
  /** Factor of the divergence from the model as it was, on tokens that did not change. Defaults to 0. */
  kl?: number;
  /** Classes of one language and weakness with fewer samples are brought to so many; 0 for none. Defaults to 20. */
  oversample?: number;
  /** Most tokens of a sample. Defaults to 1024. */
  maxTokens?: number;
}

/** What a run of training came to. */
export interface SafeCoderRun {
  steps: number;
  targetModules: readonly string[];
  /** Trained numbers. */
  parameters: number;
  /** How many of each kind an epoch has; `functions` with those that were drawn again. */
  samples: { functions: number; drawnAgain: number; utility: number };
  unused: Unused & { answers: number };
  /** Of the steps that were done now. */
  reports: StepReport[];
}

/** All linear layers of the blocks, by the last parts of their names; not the unembedding. */
export function safeCoderTargets(config: ModelConfig): string[] {
  const inBlocks = [...loraModules(config).keys()].filter((module) => /\.\d+\./.test(module));
  return [...new Set(inBlocks.map((module) => module.split('.').at(-1)!))];
}

/**
 * Trains a LoRA adapter as SafeCoder does (He et al. 2024): `model.generate` takes the folder as `adapter`. AdamW, a
 * rate that falls linearly to 0, gradients clipped to norm 1.
 *
 * @param pairs whole functions with `token` as their level (`tokenPairs`): longer samples are left out here, after what
 *   follows the change is cut off
 * @throws {SutureError} BAD_DATA where nothing is left to learn from; BAD_ARGUMENT for modules that the model does not
 *   have; UNSUPPORTED where its weights are not f32; INTERRUPTED; DISK
 * @example
 * const { pairs } = tokenPairs(model.tokenizer, functions, { level: 'token', maxTokens: 1e9 });
 * await trainSafeCoder(model, pairs, { dir: 'runs/safecoder', utility: readAnswers('ordinary.jsonl') });
 * await model.generate({ text: 'def login(name):' }, { adapter: 'runs/safecoder' });
 */
export async function trainSafeCoder(
  model: Model,
  pairs: readonly TokenPair[],
  options: SafeCoderOptions,
): Promise<SafeCoderRun> {
  const {
    dir,
    utility = [],
    epochs,
    batchSize,
    accumulate,
    rate,
    rank,
    alpha,
  } = {
    ...SAFECODER,
    ...options,
  };
  const { dropout, seed, weight, kl, oversample, maxTokens } = { ...SAFECODER, ...options };
  const { config, tokenizer } = model;
  ensureTrainable(model);
  ensure(
    tokenizer || utility.length === 0,
    'BAD_ARGUMENT',
    `${model.id} has no tokenizer.json: it cannot learn from answers.`,
  );
  const limit = { maxTokens: config.rope ? maxTokens : Math.min(maxTokens, config.maxPositions) };
  const { samples, unused } = functionSamples(pairs, { ...limit, trimmed: true });
  const functions = oversampled(samples, oversample, seed);
  const answers = tokenizer
    ? answerSamples(tokenizer, utility, limit)
    : { samples: [], tooLong: 0 };
  const targetModules = options.targetModules ?? safeCoderTargets(config);
  const lora = { rank, alpha, targetModules, dropout };
  const { trainable, initial } = loraOn(model, lora, seed, options);
  const items: SafeCoderSample[] = [...functions, ...answers.samples];
  const { parameters, steps, reports } = await optimise(
    {
      dir,
      objective: new SafeCoderObjective(config, trainable, { weight, kl, dropout, seed }),
      initial,
      items,
      pace: { epochs, batchSize, accumulate, rate, seed },
    },
    options,
  );
  writeAdapter(dir, parameters, { ...lora, baseModel: model.id });
  return {
    steps,
    targetModules,
    parameters: countOf(parameters),
    samples: {
      functions: functions.length,
      drawnAgain: functions.length - samples.length,
      utility: answers.samples.length,
    },
    unused: { ...unused, answers: answers.tooLong },
    reports,
  };
}
