import { join } from 'node:path';
import type { Model } from '../../engine/index.js';
import type { Tensor, TensorEntry } from '../../tensor/index.js';
import { countOf } from '../lora.js';
import { optimise } from '../optimise.js';
import { type AnalyserShape, initialAnalyser, pruneGates } from './analyser.js';
import { AnalyserObjective } from './analyser-objective.js';
import type { Example } from './examples.js';
import { embeddingOf } from './keys.js';
import type { Candidates, StateFile } from './states.js';
import type { ContextualOptions } from './train.js';

/** The analyser is small, and learns from states that were read once. */
const PACE = { epochs: 12, batchSize: 256, accumulate: 1, rate: 1e-3 };
const WARMUP = 0.1;
const PATIENCE = 3;

/** An analyser as it was trained, without the layers that it does not read. */
export interface Fitted {
  shape: AnalyserShape;
  parameters: ReadonlyMap<string, Tensor>;
  /** Which of the layers that it was shown it reads. */
  layers: readonly number[];
  /** The model's token embedding. */
  embedding: TensorEntry;
  analyser: {
    steps: number;
    /** The step whose parameters were kept, and its validation loss. */
    best: { step: number; loss: number } | undefined;
    /** Places that it learnt from. */
    examples: number;
    /** Trained numbers. */
    parameters: number;
  };
}

/**
 * Trains the analyser on states of a file.
 * @param examples those to learn from first, `learnt` of them, then those to validate by
 */
export async function fitAnalyser(
  model: Model,
  examples: readonly Example[],
  states: StateFile,
  candidates: readonly (Candidates | undefined)[],
  options: ContextualOptions & { classes: readonly string[]; layers: number; learnt: number },
): Promise<Fitted> {
  const { dir, settings, classes, learnt, layers: count, seed = 42 } = options;
  const { config, checkpoint } = model;
  const shape = {
    dModel: config.dModel,
    layers: count,
    width: settings.width,
    classes: classes.length,
  };
  const embedding = embeddingOf(config, checkpoint.weights);
  const { sparsity } = settings;
  const training = { shape, classes, sparsity, seed, embedding };
  const objective = new AnalyserObjective(examples, states, candidates, training);
  const numbers = [...examples.keys()];
  const { parameters, steps, best } = await optimise(
    {
      dir: join(dir, 'analyser'),
      objective,
      initial: initialAnalyser(shape, seed),
      items: numbers.slice(0, learnt),
      pace: { ...PACE, seed },
      warmup: WARMUP,
      validation: { items: numbers.slice(learnt), patience: PATIENCE },
    },
    options,
  );
  const { layers, gates } = pruneGates(parameters.get('gates')!);
  return {
    shape: { ...shape, layers: layers.length },
    parameters: new Map([...parameters, ['gates', gates]]),
    layers,
    embedding,
    analyser: {
      steps,
      best,
      examples: learnt,
      parameters: countOf(parameters),
    },
  };
}
