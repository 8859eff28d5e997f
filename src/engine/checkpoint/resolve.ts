import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { assetPath, SutureError } from '../../core/index.js';
import { findSnapshot, hubDir, parseHubId, showHubId } from './hub.js';

/** The model that ships with Suture. */
export const DEFAULT_MODEL = 'organism';

/**
 * The folder of a model: `organism` is the one that ships; a folder is itself; anything else is
 * `org/name` or `org/name@revision`, which must be in the hub's cache already.
 *
 * @throws {SutureError} NOT_FOUND, with what to do; BAD_ARGUMENT for a file
 */
export function resolveModel(id: string): string {
  if (id === DEFAULT_MODEL) return assetPath('organism');
  const dir = resolve(id);
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found?.isDirectory()) return dir;
  if (found) {
    throw new SutureError(
      'BAD_ARGUMENT',
      `${id} is a file. Give the folder that holds it, with config.json and the weights.`,
    );
  }
  const hubId = parseHubId(id);
  const snapshot = hubId && findSnapshot(hubId);
  if (snapshot) return snapshot;
  throw new SutureError(
    'NOT_FOUND',
    hubId
      ? `There is no model at ${id}: no such folder, and it is not in ${hubDir()}. "suture pull ${showHubId(hubId)}" downloads it.`
      : `There is no model at ${id}. Give "${DEFAULT_MODEL}", a folder with config.json and model.safetensors, or org/name of a model that was pulled.`,
  );
}
