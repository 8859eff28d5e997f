// A vector that is added after a block at every position is a bias of the last layer of its MLP:
//
//     resid_post = resid_mid + W h + b         steered: resid_mid + W h + (b + strength * vector)
//
// So it can be written into a checkpoint where the family's code has such a bias. Attention's output
// bias would not do: the block's own MLP reads what attention adds.
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
} from '../core/index.js';
import { identifyModel, type WorkOptions } from '../engine/index.js';
import { type ModelConfig, parseConfig, weightShapes } from '../models/index.js';
import {
  BYTES,
  type DType,
  difference,
  f32ToBf16,
  f32ToF16,
  norm,
  readPieces,
  readSafetensorsHeader,
  readTensor,
  type StreamedTensor,
  scaled,
  shardsOf,
  streamSafetensors,
  type TensorEntry,
  toF32,
} from '../tensor/index.js';
import { type ApplyVectorOptions, applyVector } from './apply-vector.js';
import { type VectorFile, vectorTexts } from './vector-file.js';

export interface BakeOptions
  extends Omit<ApplyVectorOptions, 'share' | 'keepNorm' | 'halfLife'>,
    WorkOptions {
  /**
   * Writes Mistral and Qwen2 under the name of Llama, whose code computes the same with biases that
   * theirs has not. Defaults to false: they are refused.
   */
  asLlama?: boolean;
}

export interface Baked {
  dir: string;
  /** The weights that carry the vector, in the order of its layers. */
  biases: string[];
  /** Fields of config.json that are not what they were. */
  config: Record<string, unknown>;
  /** Weights that are new, and zero but for the vector. */
  added: number;
  /**
   * What of the vector is lost where a program rounds the biases, kept in float32, to the type of the
   * other weights: length of the error as a share of the vector's length.
   */
  rounding: number;
}

/**
 * Writes a copy of a model in which a vector acts at every position, whatever runs it. All other
 * weights keep their bytes; the folder appears whole or not at all.
 *
 * @param id the model: a folder, `org/name[@revision]` of one that was pulled, or `organism`
 * @param out a folder that is not there yet
 * @throws {SutureError} UNSUPPORTED, with the reason, for a family that cannot carry a vector; as
 *   `applyVector` for a vector that is another model's; BAD_ARGUMENT where the folder is there;
 *   DISK, INTERRUPTED
 * @example
 * await bakeVector(readVector('cwe-787.safetensors'), 'organism', 'repaired');
 */
export async function bakeVector(
  file: VectorFile,
  id: string,
  out: string,
  options: BakeOptions = {},
): Promise<Baked> {
  ensure(
    !existsSync(out),
    'BAD_ARGUMENT',
    `${out} is there already: give the name of a new folder.`,
  );
  const model = identifyModel(id);
  applyVector(file, model, options); // it must be this model's, and not backwards
  const { strength = file.metadata.strength } = options;
  const path = join(model.dir, 'config.json');
  const json = z.record(z.string(), z.unknown()).parse(readJson(path));
  const carrier = carrierOf(model.config, options.asLlama ?? false);
  const config = { ...json, ...carrier.config };

  const stored = readStored(model.dir);
  const asStored = namesOf(stored, model.config);
  const had = weightShapes(model.config);
  const needed = [...weightShapes(parseConfig(config, path)).keys()];
  const added = new Set(needed.filter((name) => !had.has(name)).map(asStored));
  const fresh = new Map<string, StreamedTensor>();
  for (const name of added) fresh.set(name, zeros(neighbour(stored, name)));
  let rounding = 0;
  const biases = [...file.directions].map(([layer, direction]) => {
    const name = asStored(`${carrier.module.replace('{i}', String(layer))}.bias`);
    const old = added.has(name) ? undefined : stored.get(name); // what was not in use stays out of it
    const bias = old ? readTensor(old).data : new Float32Array(direction.length);
    const sum = bias.map((x, i) => x + strength * direction[i]!);
    const lost = difference(sum, rounded(sum, neighbour(stored, name).dtype));
    const length = norm(scaled(direction, strength));
    if (length > 0) rounding = Math.max(rounding, norm(lost) / length);
    fresh.set(name, float32(sum));
    return name;
  });

  const temporary = `${resolve(out)}.${randomBytes(4).toString('hex')}.tmp`; // beside it, whatever slash ends it
  try {
    mkdirSync(temporary, { recursive: true });
    await writeWeights(model.dir, temporary, stored, fresh, options);
    await copyTheRest(model.dir, temporary);
    writeFileAtomic(join(temporary, 'config.json'), pretty(config));
    const baked = { into: model.hash, strength, vector: vectorTexts(file) };
    writeFileAtomic(join(temporary, 'suture_vector.json'), pretty(baked));
    renameSync(temporary, out);
  } catch (thrown) {
    rmSync(temporary, { recursive: true, force: true });
    throw fileError(thrown, 'write', out);
  }
  const changed = Object.entries(config).filter(([field, value]) => json[field] !== value);
  return { dir: out, biases, added: added.size, config: Object.fromEntries(changed), rounding };
}

/** The linear layer whose bias is added after block i, and what of the config gives it one. */
interface Carrier {
  module: string;
  config: Record<string, unknown>;
}

/** The last linear layers of the MLPs that always have a bias. */
const BIASED: Record<string, string> = {
  gpt2: 'transformer.h.{i}.mlp.c_proj',
  gpt_bigcode: 'transformer.h.{i}.mlp.c_proj',
  gpt_neox: 'gpt_neox.layers.{i}.mlp.dense_4h_to_h',
  gptj: 'transformer.h.{i}.mlp.fc_out',
  codegen: 'transformer.h.{i}.mlp.fc_out',
  phi: 'model.layers.{i}.mlp.fc2',
};

/** @throws {SutureError} UNSUPPORTED with the reason where the family's code has no such bias */
function carrierOf(config: ModelConfig, asLlama: boolean): Carrier {
  const { family } = config;
  const refuse = (why: string) =>
    new SutureError('UNSUPPORTED', `A vector cannot be baked into a ${family} model: ${why}`);
  const always = BIASED[family];
  if (asLlama && family !== 'mistral' && family !== 'qwen2') {
    throw new SutureError(
      'BAD_ARGUMENT',
      `--as-llama is for mistral and qwen2 models; this one is of the family ${family}.`,
    );
  }
  if (always !== undefined) return { module: always, config: {} };
  switch (family) {
    case 'llama':
      return { module: 'model.layers.{i}.mlp.down_proj', config: { mlp_bias: true } };
    case 'starcoder2':
      return { module: 'model.layers.{i}.mlp.c_proj', config: { use_bias: true } };
    case 'mistral':
    case 'qwen2':
      if (config.windows.some((window) => window !== undefined)) {
        throw refuse('its MLP has no bias, and its layers see only a window, as Llama cannot.');
      }
      if (!asLlama) {
        throw refuse(
          'its MLP has no bias, and its code none that config.json could switch on. Llama computes the same and has one: with --as-llama the copy calls itself a llama model.',
        );
      }
      return { module: 'model.layers.{i}.mlp.down_proj', config: underLlama(config) };
    case 'gemma2':
      throw refuse('a norm comes between its MLP and what is added to the residual stream.');
    default:
      throw refuse('its MLP has no bias, and its code none that config.json could switch on.');
  }
}

/** The same model as a Llama: every size by name, since the defaults of the two differ. */
const underLlama = (config: ModelConfig) => ({
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  attention_bias: config.family === 'qwen2',
  mlp_bias: true,
  num_key_value_heads: config.nKvHeads,
  head_dim: config.headDim,
  max_position_embeddings: config.maxPositions,
  rms_norm_eps: config.normEpsilon,
  tie_word_embeddings: config.tied,
  sliding_window: undefined,
  use_sliding_window: undefined,
  max_window_layers: undefined,
  layer_types: undefined,
});

const INDEX = 'model.safetensors.index.json';
const SINGLE = 'model.safetensors';

/** A weight and the name of its file, which the entry's own path is not where that is a link. */
type Stored = TensorEntry & { shard: string };

/** The weights of a folder, file by file. */
function readStored(dir: string): Map<string, Stored> {
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
function namesOf(stored: ReadonlyMap<string, Stored>, config: ModelConfig) {
  const [first = ''] = weightShapes(config).keys();
  const prefix = first.slice(0, first.indexOf('.') + 1);
  const bare = ![...stored.keys()].some((name) => name.startsWith(prefix));
  return (name: string) => (bare && name.startsWith(prefix) ? name.slice(prefix.length) : name);
}

/** The weight of the linear layer that a bias belongs to. */
function neighbour(stored: ReadonlyMap<string, Stored>, bias: string): Stored {
  const weight = stored.get(bias.replace(/bias$/, 'weight'));
  ensure(weight, 'BAD_CHECKPOINT', `The checkpoint has no weight that ${bias} would belong to.`);
  return weight;
}

/** A bias of zeros, in the type of its layer's weight [out, in]. */
function zeros({ dtype, dims }: Stored): StreamedTensor {
  const width = dims[0]!;
  return { dtype, dims: [width], pieces: () => [new Uint8Array(width * BYTES[dtype])] };
}

function float32({ length, buffer, byteOffset, byteLength }: Float32Array): StreamedTensor {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return { dtype: 'f32', dims: [length], pieces: () => [bytes] };
}

/** What is left of float32 values in another type. */
function rounded(values: Float32Array, dtype: DType): Float32Array {
  if (dtype !== 'bf16' && dtype !== 'f16') return values;
  const { buffer } = dtype === 'bf16' ? f32ToBf16(values) : f32ToF16(values);
  return toF32(dtype, new Uint8Array(buffer));
}

/** Bytes of a weight in memory at a time. */
const PIECE = 16 << 20;

/** The weight files: those that nothing changes are copied, the others written anew. */
async function writeWeights(
  from: string,
  to: string,
  stored: ReadonlyMap<string, Stored>,
  fresh: ReadonlyMap<string, StreamedTensor>,
  { onProgress, signal }: WorkOptions,
): Promise<void> {
  const total = [...stored.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  let done = 0;
  const advance = (bytes: number) => {
    if (signal?.aborted) {
      throw new SutureError('INTERRUPTED', 'Interrupted.', { cause: signal.reason });
    }
    done += bytes;
    onProgress?.('write weights (MB)', Math.round(done / 1e6), Math.round(total / 1e6));
  };
  function* pieces(entry: Stored) {
    for (const piece of readPieces(entry, PIECE)) {
      advance(piece.length);
      yield piece;
    }
  }
  const shardOf = (name: string) => (stored.get(name) ?? neighbour(stored, name)).shard;
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
  stored: ReadonlyMap<string, Stored>,
  fresh: readonly (readonly [string, StreamedTensor])[],
  shardOf: (name: string) => string,
): void {
  const index = indexSchema.parse(readJson(join(from, INDEX)));
  for (const [name] of fresh) index.weight_map[name] = shardOf(name);
  if (index.metadata?.total_size !== undefined) {
    for (const [name, { dtype, dims }] of fresh) {
      index.metadata.total_size += dims[0]! * BYTES[dtype] - (stored.get(name)?.byteLength ?? 0);
    }
  }
  writeFileAtomic(join(to, INDEX), pretty(index));
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
