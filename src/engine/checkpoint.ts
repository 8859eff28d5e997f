import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ensure, readJson } from '../core/index.js';
import { type ModelConfig, parseConfig, weightShapes } from '../models/index.js';
import { openCheckpoint, readPieces, type TensorEntry } from '../tensor/index.js';
import type { WorkOptions } from './checkpoint/content.js';
import { inFloat32 } from './checkpoint/convert.js';

/** A checkpoint ready to be built into graphs: every weight is f32, in place in some file. */
export interface Checkpoint {
  dir: string;
  config: ModelConfig;
  /** The weights as they are in the folder. */
  stored: readonly TensorEntry[];
  weights: ReadonlyMap<string, TensorEntry>;
}

/**
 * Opens a Hugging Face folder. Weights stored as bf16 or f16 are converted to f32 once, into the
 * cache.
 *
 * @throws {SutureError} NOT_FOUND, BAD_CONFIG, BAD_CHECKPOINT, UNSUPPORTED, DISK, INTERRUPTED
 */
export async function openModel(dir: string, options: WorkOptions = {}): Promise<Checkpoint> {
  const { config, stored } = readModel(dir);
  const weights = await inFloat32(stored, options);
  return { dir, config, stored, weights: new Map(weights.map((entry) => [entry.name, entry])) };
}

/**
 * Reads the headers of a Hugging Face folder, and checks that it holds every weight the model
 * needs, in shape. What else it holds is left alone.
 *
 * @throws {SutureError} NOT_FOUND, BAD_CONFIG, BAD_CHECKPOINT, UNSUPPORTED
 */
export function readModel(dir: string): Pick<Checkpoint, 'config' | 'stored'> {
  const path = join(dir, 'config.json');
  const config = parseConfig(readJson(path), path);
  const needed = weightShapes(config);
  const found = withPrefix(openCheckpoint(dir), needed);
  const stored = [...needed].map(([name, dims]) => {
    const entry = found.get(name);
    ensure(entry, 'BAD_CHECKPOINT', `${dir}: the weight ${name} is missing.`);
    ensure(
      entry.dims.join() === dims.join(),
      'BAD_CHECKPOINT',
      `${dir}: ${name} has shape [${entry.dims.join(', ')}]; config.json asks for [${dims.join(', ')}].`,
    );
    return entry;
  });
  return { config, stored };
}

/**
 * Weights under the names that the forward pass asks for. A checkpoint saved from the model without
 * its head names all of them without the first part (`wte.weight` for `transformer.wte.weight`).
 */
function withPrefix(
  stored: ReadonlyMap<string, TensorEntry>,
  needed: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, TensorEntry> {
  const [first = ''] = needed.keys();
  const prefix = first.slice(0, first.indexOf('.') + 1);
  if ([...stored.keys()].some((name) => name.startsWith(prefix))) return stored;
  const named = [...needed.keys()].flatMap((name) => {
    const entry = stored.get(name.startsWith(prefix) ? name.slice(prefix.length) : name);
    return entry ? [[name, { ...entry, name }] as const] : [];
  });
  return new Map(named);
}

/** SHA-256 over the names, shapes and bytes of a model's weights: names what a vector was made for. */
export function weightsHash({ stored }: Checkpoint): string {
  const hash = createHash('sha256');
  for (const entry of stored) {
    hash.update(`${entry.name} ${entry.dtype} ${entry.dims}\n`);
    for (const piece of readPieces(entry, 16 << 20)) hash.update(piece);
  }
  return hash.digest('hex');
}
