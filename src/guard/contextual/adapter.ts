import type { Model } from '../../engine/index.js';
import { writeAdapter } from '../../train/index.js';
import { coSecTargets } from '../cosec/train.js';
import type { TokenPair } from '../data/tokens.js';
import { countOf, loraOn } from '../lora.js';
import { optimise } from '../optimise.js';
import { ContrastObjective, contrastItems } from './contrast.js';
import type { ContextualOptions } from './train.js';

const WARMUP = 0.1;
const PATIENCE = 3;

/** What training an adapter came to. */
export interface TrainedAdapter {
  steps: number;
  /** The step whose parameters were kept, and its validation loss. */
  best: { step: number; loss: number } | undefined;
  targetModules: readonly string[];
  /** Trained numbers. */
  parameters: number;
}

/** Trains the adapter and writes it; nothing is done anew of what a run that was cut off had done. */
export async function trainAdapter(
  model: Model,
  pairs: readonly TokenPair[],
  options: ContextualOptions,
): Promise<TrainedAdapter> {
  const { dir, settings, validation, ordinary, seed = 42 } = options;
  const { rank = 8, alpha = 16, dropout = 0.1 } = options;
  const { epochs = 5, batchSize = 2, accumulate = 1, rate = 2e-4 } = options;
  const { config } = model;
  const targetModules = options.targetModules ?? coSecTargets(config);
  const lora = { rank, alpha, targetModules, dropout };
  const { trainable, initial } = loraOn(model, lora, seed, options);
  const { parameters, steps, best } = await optimise(
    {
      dir,
      objective: new ContrastObjective(config, trainable, { settings, dropout, seed }),
      initial,
      items: contrastItems(pairs, ordinary.train),
      pace: { epochs, batchSize, accumulate, rate, seed },
      warmup: WARMUP,
      validation: { items: contrastItems(validation, ordinary.validation), patience: PATIENCE },
    },
    options,
  );
  writeAdapter(dir, parameters, { ...lora, baseModel: model.id });
  return {
    steps,
    best,
    targetModules,
    parameters: countOf(parameters),
  };
}
