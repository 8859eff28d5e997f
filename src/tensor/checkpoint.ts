import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, fileError, readJson, SutureError } from '../core/index.js';
import { readSafetensorsHeader, type TensorEntry } from './safetensors.js';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Where every weight of a Hugging Face folder lies: in `model.safetensors`, or in the shards that
 * `model.safetensors.index.json` names. Links, of which the hub's cache is made, are resolved.
 *
 * @throws {SutureError} NOT_FOUND, UNSUPPORTED (pickled weights), BAD_CHECKPOINT
 */
export function openCheckpoint(dir: string): Map<string, TensorEntry> {
  const single = join(dir, 'model.safetensors');
  if (existsSync(single)) return readSafetensorsHeader(single).tensors;
  const index = join(dir, 'model.safetensors.index.json');
  if (!existsSync(index)) throw noWeights(dir);

  const map = readIndex(index);
  const shards = new Map<string, Map<string, TensorEntry>>();
  for (const shard of new Set(Object.values(map))) {
    const path = join(dir, shard);
    ensure(
      existsSync(path),
      'BAD_CHECKPOINT',
      `The shard ${path} is missing; the index names it. Download it again.`,
    );
    shards.set(shard, readSafetensorsHeader(path).tensors);
  }
  const weights = new Map<string, TensorEntry>();
  for (const [name, shard] of Object.entries(map)) {
    const entry = shards.get(shard)?.get(name);
    ensure(
      entry,
      'BAD_CHECKPOINT',
      `${join(dir, shard)} does not hold ${name}, which the index says it does.`,
    );
    weights.set(name, entry);
  }
  return weights;
}

/**
 * The files that an index of shards names, each once.
 *
 * @throws {SutureError} NOT_FOUND, BAD_DATA, BAD_CHECKPOINT
 */
export const shardsOf = (index: string): string[] => [...new Set(Object.values(readIndex(index)))];

/** The shard of each weight. */
function readIndex(path: string): Record<string, string> {
  const parsed = indexSchema.safeParse(readJson(path));
  ensure(parsed.success, 'BAD_CHECKPOINT', `${path} has no "weight_map".`);
  const { weight_map: map } = parsed.data;
  // A name in a downloaded index must not lead out of the folder.
  const stray = Object.values(map).find((shard) => !/^[^/\\]+\.safetensors$/.test(shard));
  ensure(stray === undefined, 'BAD_CHECKPOINT', `${path} names the shard "${stray}".`);
  return map;
}

function noWeights(dir: string): SutureError {
  let files: string[];
  try {
    files = readdirSync(dir);
  } catch (thrown) {
    return fileError(thrown, 'read', dir);
  }
  const pickled = files.find((file) => /\.(bin|pt|pth|ckpt)$/.test(file));
  if (pickled) {
    return new SutureError(
      'UNSUPPORTED',
      `${dir} holds pickled weights (${pickled}), which can run code when they are read. Convert them to safetensors, or take a revision that has them.`,
    );
  }
  return new SutureError('NOT_FOUND', `${dir} holds no model.safetensors and no index of shards.`);
}
