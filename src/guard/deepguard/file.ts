import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, fileError, jsonText, SutureError, sha256 } from '../../core/index.js';
import { type Model, mismatches } from '../../engine/index.js';
import {
  readSafetensorsHeader,
  readTensor,
  type Tensor,
  type TensorEntry,
  writeSafetensors,
} from '../../tensor/index.js';
import { analyserShapes } from './analyser.js';
import { type DeepGuardSettings, deepGuardSettings } from './settings.js';

/** What a guard was made from and for: texts beside its tensors. */
const metadataSchema = z.object({
  format: z.literal('suture.guard'),
  version: z.literal('1'),
  method: z.literal('deepguard'),
  settings: jsonText(deepGuardSettings),
  model: z.string(),
  model_hash: z.string(),
  tokenizer_hash: z.string(),
  template_hash: z.string(),
  /** SHA-256 of the adapter's tensors' file beside it. */
  adapter_hash: z.string(),
  /** Of the pairs' tokens. */
  data_hash: z.string(),
  /** How it was trained, as JSON. */
  training: jsonText(z.looseObject({})),
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

function hashOf(path: string): string {
  try {
    return sha256(readFileSync(path));
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

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
  const header = readSafetensorsHeader(path);
  const parsed = metadataSchema.safeParse(header.metadata);
  if (!parsed.success) {
    throw new SutureError(
      'BAD_ADAPTER',
      `${path} is not a guard written by this version of Suture: ${z.prettifyError(parsed.error)}`,
    );
  }
  const metadata = parsed.data;
  const parameters = new Map(header.tensors);
  const shapes = new Map(analyserShapes(model.config, metadata.settings));
  shapes.set(PRIOR, [model.config.vocabSize]);
  for (const [name, dims] of shapes) {
    const found = parameters.get(name)?.dims;
    ensure(
      found?.join() === dims.join(),
      'BAD_ADAPTER',
      `${path}: this model needs ${name} of shape [${dims.join(', ')}]; the guard has ${found ? `[${found.join(', ')}]` : 'none'}.`,
    );
  }
  const [other] = mismatches(metadata, model);
  ensure(
    options.force || other === undefined,
    'BAD_ADAPTER',
    `The guard in ${dir} was made for another model (${metadata.model}): the ${other} differ. Train one for this model, or force it.`,
  );
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
