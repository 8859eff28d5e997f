import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { assetPath, ensure, messageOf, readJson, SutureError, sha256 } from '../core/index.js';
import { type ModelConfig, parseConfig, weightShapes } from '../models/index.js';
import {
  openCheckpoint,
  readRaw,
  readSafetensorsHeader,
  readTensor,
  type TensorEntry,
  writeSafetensors,
} from '../tensor/index.js';

/** The model that ships with Suture. */
export const DEFAULT_MODEL = 'organism';

/** A checkpoint ready to be built into graphs: every weight is f32, in place in some file. */
export interface Checkpoint {
  dir: string;
  config: ModelConfig;
  /** The weights as they are in the folder. */
  stored: readonly TensorEntry[];
  weights: ReadonlyMap<string, TensorEntry>;
}

/** The folder of a model: `organism` for the one that ships, otherwise a path. */
export function resolveModel(id: string): string {
  const dir = id === DEFAULT_MODEL ? assetPath('organism') : resolve(id);
  if (!existsSync(dir)) {
    throw new SutureError(
      'NOT_FOUND',
      `There is no model at ${id}. Give "${DEFAULT_MODEL}" or a folder with config.json and model.safetensors.`,
    );
  }
  return dir;
}

/**
 * Opens a Hugging Face folder and checks that it holds every weight the model needs, in shape.
 * Weights stored as bf16 or f16 are converted to f32 once, into the cache.
 *
 * @throws {SutureError} NOT_FOUND, BAD_CONFIG, BAD_CHECKPOINT, UNSUPPORTED, DISK
 */
export function openModel(dir: string): Checkpoint {
  const config = parseConfig(readJson(join(dir, 'config.json')), join(dir, 'config.json'));
  const stored = openCheckpoint(dir);
  const needed = weightShapes(config);
  for (const [name, dims] of needed) {
    const entry = stored.get(name);
    ensure(entry, 'BAD_CHECKPOINT', `${dir}: the weight ${name} is missing.`);
    ensure(
      entry.dims.join() === dims.join(),
      'BAD_CHECKPOINT',
      `${dir}: ${name} has shape [${entry.dims.join(', ')}]; config.json asks for [${dims.join(', ')}].`,
    );
  }
  const used = [...needed.keys()].map((name) => stored.get(name)!);
  const weights = used.every(({ dtype }) => dtype === 'f32') ? used : converted(used);
  return {
    dir,
    config,
    stored: used,
    weights: new Map(weights.map((entry) => [entry.name, entry])),
  };
}

/** SHA-256 over the names, shapes and bytes of a model's weights: names what a vector was made for. */
export function weightsHash({ stored }: Checkpoint): string {
  const hash = createHash('sha256');
  for (const entry of stored) {
    hash.update(`${entry.name} ${entry.dtype} ${entry.dims}\n`).update(readRaw(entry));
  }
  return hash.digest('hex');
}

/** Names, shapes and places of the weights, with size and time of the files they are in: quick to make. */
function fingerprint(entries: readonly TensorEntry[]): string {
  const files = [...new Set(entries.map(({ file }) => file))].map((file) => {
    const { size, mtimeMs } = statSync(file);
    return [file, size, mtimeMs];
  });
  const layout = entries.map(({ name, dtype, dims, offset }) => [name, dtype, dims, offset]);
  return sha256(JSON.stringify([files, layout]));
}

/** The same weights as f32, in a file of the cache that is written when it is not there yet. */
function converted(entries: readonly TensorEntry[]): TensorEntry[] {
  const path = join(cacheDir(), 'f32', `${fingerprint(entries).slice(0, 32)}.safetensors`);
  if (!existsSync(path)) {
    const tensors = entries.map((entry) => {
      return [entry.name, { dims: entry.dims, read: () => readTensor(entry) }] as const;
    });
    try {
      writeSafetensors(path, new Map(tensors));
    } catch (thrown) {
      throw new SutureError(
        'DISK',
        `${messageOf(thrown)} Weights converted to float32 are kept there; SUTURE_CACHE names another folder.`,
        { cause: thrown },
      );
    }
  }
  const { tensors } = readSafetensorsHeader(path);
  return entries.map(({ name }) => tensors.get(name)!);
}

/** Where converted weights are kept: `$SUTURE_CACHE`, else `~/.cache/suture`. */
export function cacheDir(): string {
  return process.env.SUTURE_CACHE ?? join(homedir(), '.cache', 'suture');
}
