import { z } from 'zod';
import type { Model } from '../../engine/index.js';
import { readTensor, type Tensor } from '../../tensor/index.js';
import { type GuardFile, type GuardMetadata, openGuardFile, writeGuardFile } from '../file.js';
import { type AnalyserShape, analyserShapes } from './analyser.js';
import type { PriorTable } from './scores.js';
import { contextualSettings } from './settings.js';

/** What decoding under the guard needs to know, beside its tensors. */
const guardSettings = z.strictObject({
  ...contextualSettings.shape,
  /** `none`, and the kinds of decisions: weakness and language. */
  classes: z.array(z.string()).min(2),
  /** Residual streams that are read by any gate. */
  hooks: z.array(z.string()).min(1),
  /** The probability of a decision above which the guard acts. */
  threshold: z.number().min(0).max(1),
  /** What candidates' scores are multiplied by. */
  strength: z.number().min(0),
  /** How many tokens have a prior. */
  priors: z.int().min(0),
});
export type GuardSettings = z.infer<typeof guardSettings>;

export interface ContextualFile extends GuardFile<GuardSettings> {
  shape: AnalyserShape;
  /** The analyser's. */
  parameters: ReadonlyMap<string, Tensor>;
  /** What stands for each token when candidates are compared [vocab, width]. */
  keys: Float32Array;
  priors: PriorTable;
}

const PRIORS = { tokens: 'priors.tokens', logOdds: 'priors.log_odds' };
/** Computed from the embedding by `candidate.key`, once: decoding needs neither then. */
const KEYS = 'keys';

/** Writes `guard.safetensors` into a folder that has the adapter already, if it is to have one. */
export function writeContextual(
  dir: string,
  guard: {
    metadata: Omit<GuardMetadata, 'format' | 'version' | 'method' | 'adapter_hash'> & {
      settings: GuardSettings;
    };
    parameters: ReadonlyMap<string, Tensor>;
    keys: Tensor;
    priors: PriorTable;
  },
): void {
  const { metadata, parameters, keys, priors } = guard;
  const { tokens, logOdds } = priors;
  const tensors = new Map([
    ...parameters,
    [KEYS, keys],
    [PRIORS.tokens, { dims: [tokens.length], data: Float32Array.from(tokens) }],
    [
      PRIORS.logOdds,
      { dims: [metadata.settings.classes.length - 1, tokens.length], data: logOdds },
    ],
  ]);
  writeGuardFile(dir, 'contextual', { metadata, tensors });
}

/**
 * Opens a contextual guard for a model.
 *
 * @param options.force use it with a model that it was not made for (the shapes must still fit)
 * @throws {SutureError} as `openGuardFile`
 */
export function openContextual(
  dir: string,
  model: Pick<Model, 'config' | 'hash' | 'tokenizer'>,
  options: { force?: boolean } = {},
): ContextualFile {
  const { dModel, vocabSize } = model.config;
  const shapeOf = ({ hooks, width, classes }: GuardSettings): AnalyserShape => ({
    dModel,
    layers: hooks.length,
    width,
    classes: classes.length,
  });
  const file = openGuardFile(dir, model, 'contextual', {
    settings: guardSettings,
    shapes: (settings) =>
      new Map([
        ...analyserShapes(shapeOf(settings)),
        [KEYS, [vocabSize, settings.width]],
        [PRIORS.tokens, [settings.priors]],
        [PRIORS.logOdds, [settings.classes.length - 1, settings.priors]],
      ]),
    force: options.force,
  });
  const tensors = new Map([...file.tensors].map(([name, entry]) => [name, readTensor(entry)]));
  const shape = shapeOf(file.settings);
  const parameters = new Map(
    [...analyserShapes(shape).keys()].map((name) => [name, tensors.get(name)!]),
  );
  const data = (name: string) => tensors.get(name)!.data;
  // Token ids are whole numbers below 2^24: float32 holds them.
  const priors = { tokens: [...data(PRIORS.tokens)], logOdds: data(PRIORS.logOdds) };
  return { ...file, shape, parameters, keys: data(KEYS), priors };
}
