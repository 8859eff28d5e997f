import { randomBytes } from 'node:crypto';
import {
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  ensure,
  fileError,
  groupBy,
  readJson,
  SutureError,
  writeFileAtomic,
} from '../../core/index.js';
import { type ModelConfig, weightShapes } from '../../models/index.js';
import {
  BYTES,
  readPieces,
  readSafetensorsHeader,
  type StreamedTensor,
  shardsOf,
  streamSafetensors,
  type TensorEntry,
} from '../../tensor/index.js';
import type { WorkOptions } from './content.js';

const INDEX = 'model.safetensors.index.json';
const SINGLE = 'model.safetensors';

/** A weight and the name of its file, which the entry's own path is not where that is a link. */
export type StoredWeight = TensorEntry & { shard: string };

/** The weights of a folder, file by file. */
export function storedWeights(dir: string): Map<string, StoredWeight> {
  const shards = existsSync(join(dir, SINGLE)) ? [SINGLE] : shardsOf(join(dir, INDEX));
  const entries = shards.flatMap((shard) =>
    [...readSafetensorsHeader(join(dir, shard)).tensors.values()].map((entry) => ({
      ...entry,
      shard,
    })),
  );
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** From the names that the forward pass asks for to those in the files, which may lack a prefix. */
export function storedNames(stored: ReadonlyMap<string, StoredWeight>, config: ModelConfig) {
  const [first = ''] = weightShapes(config).keys();
  const prefix = first.slice(0, first.indexOf('.') + 1);
  const bare = ![...stored.keys()].some((name) => name.startsWith(prefix));
  return (name: string) => (bare && name.startsWith(prefix) ? name.slice(prefix.length) : name);
}

/** What of a model is to be otherwise. */
export interface Variant {
  /** Fields of config.json that are to be otherwise. Defaults to none: it keeps its bytes. */
  config?: Readonly<Record<string, unknown>>;
  /** Weights by their names in the files: in place of those that are there, or new. */
  weights: ReadonlyMap<string, StreamedTensor>;
  /** The file that a weight goes into. */
  shardOf: (name: string) => string;
  /** A JSON file that says what was done: its name and content. */
  record: readonly [name: string, content: object];
}

/** @throws {SutureError} BAD_ARGUMENT where there is something of that name */
export const refuseExisting = (out: string): void =>
  ensure(
    !existsSync(out),
    'BAD_ARGUMENT',
    `${out} is there already: give the name of a new folder.`,
  );

/**
 * Writes a copy of a model's folder with some weights changed. All others keep their bytes; the folder appears whole or
 * not at all.
 *
 * @param dir the model's folder
 * @param out a folder that is not there yet
 * @throws {SutureError} BAD_ARGUMENT, DISK, INTERRUPTED
 */
export async function writeVariant(
  dir: string,
  out: string,
  variant: Variant,
  options: WorkOptions,
): Promise<void> {
  refuseExisting(out);
  const [record, content] = variant.record;
  const temporary = `${resolve(out)}.${randomBytes(4).toString('hex')}.tmp`; // beside it, whatever slash ends it
  try {
    mkdirSync(temporary, { recursive: true });
    await writeWeights(dir, temporary, variant, options);
    await copyTheRest(dir, temporary);
    await writeConfig(dir, temporary, variant.config);
    writeFileAtomic(join(temporary, record), pretty(content));
    renameSync(temporary, out);
  } catch (thrown) {
    rmSync(temporary, { recursive: true, force: true });
    throw fileError(thrown, 'write', out);
  }
}

/** Bytes of a weight in memory at a time. */
const PIECE = 16 << 20;

/** The weight files: those that nothing changes are copied, the others written anew. */
async function writeWeights(
  from: string,
  to: string,
  { weights: fresh, shardOf }: Variant,
  { onProgress, signal }: WorkOptions,
): Promise<void> {
  const stored = storedWeights(from);
  const total = [...stored.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  let done = 0;
  const advance = (bytes: number) => {
    if (signal?.aborted) {
      throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
    }
    done += bytes;
    onProgress?.('write weights (MB)', Math.round(done / 1e6), Math.round(total / 1e6));
  };
  function* pieces(entry: StoredWeight) {
    for (const piece of readPieces(entry, PIECE)) {
      advance(piece.length);
      yield piece;
    }
  }
  for (const [shard, entries] of groupBy([...stored.values()], ({ shard }) => shard)) {
    const own = [...fresh].filter(([name]) => shardOf(name) === shard);
    if (own.length === 0) {
      await copyFile(join(from, shard), join(to, shard), constants.COPYFILE_FICLONE);
      advance(entries.reduce((sum, { byteLength }) => sum + byteLength, 0));
      continue;
    }
    const kept = entries.map((entry) => {
      const { name, dtype, dims } = entry;
      return [name, { dtype, dims, pieces: () => pieces(entry) }] as const;
    });
    const { metadata } = readSafetensorsHeader(join(from, shard));
    await streamSafetensors(join(to, shard), new Map([...kept, ...own]), metadata);
  }
  if (!existsSync(join(to, SINGLE))) writeIndex(from, to, stored, [...fresh], shardOf);
}

const indexSchema = z.looseObject({
  metadata: z.looseObject({ total_size: z.number().optional() }).optional(),
  weight_map: z.record(z.string(), z.string()),
});

/** The index of the shards, with what is new. */
function writeIndex(
  from: string,
  to: string,
  stored: ReadonlyMap<string, StoredWeight>,
  fresh: readonly (readonly [string, StreamedTensor])[],
  shardOf: (name: string) => string,
): void {
  const index = indexSchema.parse(readJson(join(from, INDEX)));
  for (const [name] of fresh) index.weight_map[name] = shardOf(name);
  if (index.metadata?.total_size !== undefined) {
    for (const [name, { dtype, dims }] of fresh) {
      const bytes = dims.reduce((a, b) => a * b, BYTES[dtype]);
      index.metadata.total_size += bytes - (stored.get(name)?.byteLength ?? 0);
    }
  }
  writeFileAtomic(join(to, INDEX), pretty(index));
}

async function writeConfig(
  from: string,
  to: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const [before, after] = [join(from, 'config.json'), join(to, 'config.json')];
  const config = z.record(z.string(), z.unknown()).parse(readJson(before));
  const changes = Object.entries(fields).some(([name, value]) => config[name] !== value);
  if (changes) writeFileAtomic(after, pretty({ ...config, ...fields }));
  else await copyFile(before, after);
}

/** Weights in whatever form, and what points to them. */
const WEIGHTS =
  /\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|onnx|onnx_data|gguf|ot|npz|index\.json)$/;

/** Tokenizer, chat template, licence: every file beside the weights; folders stay behind. */
async function copyTheRest(from: string, to: string): Promise<void> {
  for (const name of readdirSync(from)) {
    if (name === 'config.json' || WEIGHTS.test(name)) continue;
    if (statSync(join(from, name)).isFile()) await copyFile(join(from, name), join(to, name));
  }
}

const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
