import { join } from 'node:path';
import { z } from 'zod';
import { ensure, jsonText } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import { readTensor, type Tensor, type TensorEntry, writeSafetensors } from '../../tensor/index.js';
import { ensureFits, hashOf, ORIGIN, readLearnt } from '../bound.js';
import { analyserShapes } from './analyser.js';
import { type DeepGuardSettings, deepGuardSettings } from './settings.js';

/** What a guard was made from and for: texts beside its tensors. */
const metadataSchema = z.object({
  ...ORIGIN,
  format: z.literal('suture.guard'),
  method: z.literal('deepguard'),
  settings: jsonText(deepGuardSettings),
  /** SHA-256 of the adapter's tensors' file beside it. */
  adapter_hash: z.string(),
});
export type GuardMetadata = z.infer<typeof metadataSchema>;

/** A guard in its folder, beside the adapter that it was trained with. */
export interface DeepGuardFile {
  /** A PEFT folder: what `adapter` options take. */
  dir: string;
  metadata: GuardMetadata;
  /** SHA-256 of `guard.safetensors`. */
  hash: string;
  settings: DeepGuardSettings;
  /** Aggregator and analyser, in place in the file. */
  parameters: ReadonlyMap<string, TensorEntry>;
  /** [vocab], within [-1, 1]. */
  prior: Float32Array;
}

const FILE = 'guard.safetensors';
const PRIOR = 'prior';
/** SHA-256 of the adapter's tensors in a folder. */
export const adapterHash = (dir: string): string => hashOf(join(dir, 'adapter_model.safetensors'));

/** Writes `guard.safetensors` into a folder that has the adapter already. */
export function writeGuard(
  dir: string,
  guard: {
    metadata: Omit<GuardMetadata, 'format' | 'version' | 'method' | 'adapter_hash'>;
    parameters: ReadonlyMap<string, Tensor>;
    prior: Float32Array;
  },
): void {
  const metadata = {
    ...guard.metadata,
    format: 'suture.guard',
    version: '1',
    method: 'deepguard',
    adapter_hash: adapterHash(dir),
    settings: JSON.stringify(guard.metadata.settings),
    training: JSON.stringify(guard.metadata.training),
  };
  const prior = { dims: [guard.prior.length], data: guard.prior };
  const tensors = new Map([...guard.parameters, [PRIOR, prior]]);
  writeSafetensors(join(dir, FILE), tensors, { dtype: 'f32', metadata });
}

/**
 * Opens a guard for a model.
 *
 * @param options.force use it with a model that it was not made for (the shapes must still fit)
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_ADAPTER where it is no guard, of another model, or
 *   not beside the adapter that it was trained with
 */
export function openGuard(
  dir: string,
  model: Pick<Model, 'config' | 'hash' | 'tokenizer'>,
  options: { force?: boolean } = {},
): DeepGuardFile {
  const path = join(dir, FILE);
  const learnt = readLearnt(path, metadataSchema, 'guard');
  const { metadata, tensors: parameters } = learnt;
  const shapes = new Map(analyserShapes(model.config, metadata.settings));
  shapes.set(PRIOR, [model.config.vocabSize]);
  ensureFits(path, 'guard', learnt, shapes, model, options.force);
  ensure(
    options.force || adapterHash(dir) === metadata.adapter_hash,
    'BAD_ADAPTER',
    `The adapter in ${dir} is not the one that the guard was trained with.`,
  );
  const prior = readTensor(parameters.get(PRIOR)!).data;
  parameters.delete(PRIOR);
  const hash = hashOf(path);
  return { dir, metadata, hash, settings: metadata.settings, parameters, prior };
}
