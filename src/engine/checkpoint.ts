import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ensure, readJson } from '../core/index.js';
import { type ModelConfig, parseConfig, weightShapes } from '../models/index.js';
import { openCheckpoint, readPieces, type TensorEntry } from '../tensor/index.js';
import type { WorkOptions } from './checkpoint/content.js';
import { inFloat32 } from './checkpoint/convert.js';
import { quantised } from './quantise/file.js';
import type { MatrixRoles } from './quantise/matrices.js';

/** Precisions of weights. */
export const DTYPES = ['f32', 'int8', 'int4'] as const;
export type WeightDType = (typeof DTYPES)[number];

/** A checkpoint ready to be built into graphs: every weight is in place in some file. */
export interface Checkpoint {
  dir: string;
  config: ModelConfig;
  /** The weights as they are in the folder. */
  stored: readonly TensorEntry[];
  /** Weights that are f32. */
  weights: ReadonlyMap<string, TensorEntry>;
  /** Weights in few bits; none where the precision is f32. */
  matrices: ReadonlyMap<string, MatrixRoles>;
}

export interface OpenOptions extends WorkOptions {
  /** Precision of the weights. Defaults to `f32`. */
  dtype?: WeightDType;
}

/**
 * Opens a Hugging Face folder. Weights that are not stored in the precision asked for are converted
 * to it once, into the cache.
 *
 * @throws {SutureError} NOT_FOUND, BAD_CONFIG, BAD_CHECKPOINT, UNSUPPORTED, DISK, INTERRUPTED
 */
export async function openModel(dir: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const { dtype = 'f32', ...work } = options;
  const { config, stored } = readModel(dir);
  if (dtype !== 'f32') {
    return { dir, config, stored, ...(await quantised(config, stored, dtype, work)) };
  }
  const weights = await inFloat32(stored, work);
  const byName = new Map(weights.map((entry) => [entry.name, entry]));
  return { dir, config, stored, weights: byName, matrices: new Map() };
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
export function weightsHash({ stored }: Pick<Checkpoint, 'stored'>): string {
  const hash = createHash('sha256');
  for (const entry of stored) {
    hash.update(`${entry.name} ${entry.dtype} ${entry.dims}\n`);
    for (const piece of readPieces(entry, 16 << 20)) hash.update(piece);
  }
  return hash.digest('hex');
}
