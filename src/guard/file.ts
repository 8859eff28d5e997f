import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, jsonText, SutureError } from '../core/index.js';
import type { Model } from '../engine/index.js';
import { type Tensor, type TensorEntry, writeSafetensors } from '../tensor/index.js';
import { ensureFits, hashOf, ORIGIN, readLearnt } from './bound.js';

/** How guards are made. */
export const GUARD_METHODS = ['contextual', 'deepguard'] as const;
export type GuardMethod = (typeof GUARD_METHODS)[number];

/** What a guard was made from and for: texts beside its tensors. */
const metadataSchema = z.object({
  ...ORIGIN,
  format: z.literal('suture.guard'),
  method: z.enum(GUARD_METHODS),
  /** The method's own, as JSON. */
  settings: jsonText(z.looseObject({})),
  /** SHA-256 of the adapter's tensors' file beside it; missing where the model is not adapted. */
  adapter_hash: z.string().optional(),
});
export type GuardMetadata = z.infer<typeof metadataSchema>;

/** A guard in its folder, beside the adapter that it was trained with. */
export interface GuardFile<S> {
  dir: string;
  /** The PEFT folder that it acts with: what `adapter` options take; undefined where the model is not adapted. */
  adapter: string | undefined;
  metadata: GuardMetadata;
  /** SHA-256 of `guard.safetensors`. */
  hash: string;
  settings: S;
  /** In place in the file. */
  tensors: Map<string, TensorEntry>;
}

const FILE = 'guard.safetensors';

/** SHA-256 of the adapter's tensors in a folder; undefined where there is none. */
function adapterHash(dir: string): string | undefined {
  const path = join(dir, 'adapter_model.safetensors');
  return existsSync(path) ? hashOf(path) : undefined;
}

/** Writes `guard.safetensors` into a folder that has the adapter already, if it is to have one. */
export function writeGuardFile(
  dir: string,
  method: GuardMethod,
  guard: {
    metadata: Omit<GuardMetadata, 'format' | 'version' | 'method' | 'adapter_hash'>;
    tensors: ReadonlyMap<string, Tensor>;
  },
): void {
  const adapter = adapterHash(dir);
  const metadata = {
    ...guard.metadata,
    format: 'suture.guard',
    version: '1',
    method,
    ...(adapter !== undefined && { adapter_hash: adapter }),
    settings: JSON.stringify(guard.metadata.settings),
    training: JSON.stringify(guard.metadata.training),
  };
  writeSafetensors(join(dir, FILE), guard.tensors, { dtype: 'f32', metadata });
}

/** How the guard in a folder is made. @throws {SutureError} as `openGuardFile` */
export const guardMethod = (dir: string): GuardMethod =>
  readLearnt(join(dir, FILE), metadataSchema, 'guard').metadata.method;

/**
 * Opens a guard of a certain method for a model.
 *
 * @param options.shapes of the tensors that it must have
 * @param options.force use it with a model that it was not made for (the shapes must still fit)
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_ADAPTER where it is no such guard, of another model, or
 *   not beside the adapter that it was trained with
 */
export function openGuardFile<S>(
  dir: string,
  model: Pick<Model, 'config' | 'hash' | 'tokenizer'>,
  method: GuardMethod,
  options: {
    settings: z.ZodType<S>;
    shapes: (settings: S) => ReadonlyMap<string, readonly number[]>;
    force?: boolean | undefined;
  },
): GuardFile<S> {
  const path = join(dir, FILE);
  const learnt = readLearnt(path, metadataSchema, 'guard');
  const { metadata, tensors } = learnt;
  ensure(
    metadata.method === method,
    'BAD_ADAPTER',
    `${path} is a guard of the method ${metadata.method}, not ${method}.`,
  );
  const settings = options.settings.safeParse(metadata.settings);
  if (!settings.success) {
    throw new SutureError('BAD_ADAPTER', `${path}: ${z.prettifyError(settings.error)}`);
  }
  ensureFits(path, 'guard', learnt, options.shapes(settings.data), model, options.force);
  ensure(
    options.force || adapterHash(dir) === metadata.adapter_hash,
    'BAD_ADAPTER',
    `The adapter in ${dir} is not the one that the guard was trained with.`,
  );
  return {
    dir,
    adapter: metadata.adapter_hash === undefined ? undefined : dir,
    metadata,
    hash: hashOf(path),
    settings: settings.data,
    tensors,
  };
}
