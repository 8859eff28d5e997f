import type { Model } from '../../engine/index.js';
import { readTensor, type Tensor, type TensorEntry } from '../../tensor/index.js';
import { type GuardFile, type GuardMetadata, openGuardFile, writeGuardFile } from '../file.js';
import { analyserShapes } from './analyser.js';
import { type DeepGuardSettings, deepGuardSettings } from './settings.js';

/** DeepGuard in its folder. */
export interface DeepGuardFile extends GuardFile<DeepGuardSettings> {
  /** Aggregator and analyser, in place in the file. */
  parameters: ReadonlyMap<string, TensorEntry>;
  /** [vocab], within [-1, 1]. */
  prior: Float32Array;
}

const PRIOR = 'prior';

/** Writes `guard.safetensors` into a folder that has the adapter already. */
export function writeGuard(
  dir: string,
  guard: {
    metadata: Omit<GuardMetadata, 'format' | 'version' | 'method' | 'adapter_hash'>;
    parameters: ReadonlyMap<string, Tensor>;
    prior: Float32Array;
  },
): void {
  const { metadata, parameters, prior } = guard;
  const tensors = new Map([...parameters, [PRIOR, { dims: [prior.length], data: prior }]]);
  writeGuardFile(dir, 'deepguard', { metadata, tensors });
}

/**
 * Opens a guard for a model.
 *
 * @param options.force use it with a model that it was not made for (the shapes must still fit)
 * @throws {SutureError} as `openGuardFile`
 */
export function openGuard(
  dir: string,
  model: Pick<Model, 'config' | 'hash' | 'tokenizer'>,
  options: { force?: boolean } = {},
): DeepGuardFile {
  const { config } = model;
  const file = openGuardFile(dir, model, 'deepguard', {
    settings: deepGuardSettings,
    shapes: (settings) =>
      new Map([...analyserShapes(config, settings), [PRIOR, [config.vocabSize]]]),
    force: options.force,
  });
  const parameters = new Map(file.tensors);
  const prior = readTensor(parameters.get(PRIOR)!).data;
  parameters.delete(PRIOR);
  return { ...file, parameters, prior };
}
