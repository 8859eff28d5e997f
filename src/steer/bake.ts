// A vector that is added after a block at every position is a bias of the last layer of its MLP:
//
//     resid_post = resid_mid + W h + b         steered: resid_mid + W h + (b + strength * vector)
//
// So it can be written into a checkpoint where the family's code has such a bias. Attention's output
// bias would not do: the block's own MLP reads what attention adds.
import { join } from 'node:path';
import { z } from 'zod';
import { ensure, readJson, SutureError } from '../core/index.js';
import {
  identifyModel,
  refuseExisting,
  type StoredWeight,
  storedNames,
  storedWeights,
  type WorkOptions,
  writeVariant,
} from '../engine/index.js';
import { type ModelConfig, parseConfig, weightShapes } from '../models/index.js';
import {
  BYTES,
  type DType,
  difference,
  fromF32,
  norm,
  readTensor,
  type StreamedTensor,
  scaled,
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
  refuseExisting(out);
  const model = identifyModel(id);
  applyVector(file, model, options); // it must be this model's, and not backwards
  const { strength = file.metadata.strength } = options;
  const path = join(model.dir, 'config.json');
  const json = z.record(z.string(), z.unknown()).parse(readJson(path));
  const carrier = carrierOf(model.config, options.asLlama ?? false);
  const config = { ...json, ...carrier.config };

  const stored = storedWeights(model.dir);
  const asStored = storedNames(stored, model.config);
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

  await writeVariant(
    model.dir,
    out,
    {
      config: carrier.config,
      weights: fresh,
      shardOf: (name) => (stored.get(name) ?? neighbour(stored, name)).shard,
      record: ['suture_vector.json', { into: model.hash, strength, vector: vectorTexts(file) }],
    },
    options,
  );
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

/** The weight of the linear layer that a bias belongs to. */
function neighbour(stored: ReadonlyMap<string, StoredWeight>, bias: string): StoredWeight {
  const weight = stored.get(bias.replace(/bias$/, 'weight'));
  ensure(weight, 'BAD_CHECKPOINT', `The checkpoint has no weight that ${bias} would belong to.`);
  return weight;
}

/** A bias of zeros, in the type of its layer's weight [out, in]. */
function zeros({ dtype, dims }: StoredWeight): StreamedTensor {
  const width = dims[0]!;
  return { dtype, dims: [width], pieces: () => [new Uint8Array(width * BYTES[dtype])] };
}

function float32({ length, buffer, byteOffset, byteLength }: Float32Array): StreamedTensor {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return { dtype: 'f32', dims: [length], pieces: () => [bytes] };
}

/** What is left of float32 values in another type. */
const rounded = (values: Float32Array, dtype: DType): Float32Array =>
  dtype === 'bf16' || dtype === 'f16' ? toF32(dtype, fromF32(dtype, values)) : values;
