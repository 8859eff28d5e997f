import type { Model } from '../../engine/index.js';
import { initialLora, loraTargets, writeAdapter } from '../../train/index.js';
import { coSecTargets } from '../cosec/train.js';
import type { TokenPair } from '../data/tokens.js';
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
  const { config, checkpoint } = model;
  const targetModules = options.targetModules ?? coSecTargets(config);
  const lora = { rank, alpha, targetModules, dropout };
  const modules = loraTargets(config, lora);
  const objective = new ContrastObjective(
    config,
    { kind: 'lora', weights: checkpoint.weights, modules, recompute: options.recompute ?? false },
    { settings, dropout, seed },
  );
  const { parameters, steps, best } = await optimise(
    {
      dir,
      objective,
      initial: initialLora(config, modules, seed),
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
    parameters: [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0),
  };
}
