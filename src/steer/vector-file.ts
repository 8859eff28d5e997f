import { z } from 'zod';
import { ensure, SutureError, sha256 } from '../core/index.js';
import type { Intervention, Model } from '../engine/index.js';
import { CWES } from '../scan/index.js';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../tensor/index.js';
import { SITES } from './contrast.js';
import { REACHES, steering } from './crossvalidate.js';

/** What a vector was made from and for. Stored as text beside the direction. */
const metadataSchema = z.object({
  format: z.literal('suture.steering-vector'),
  version: z.literal('1'),
  cwe: z.enum(CWES),
  method: z.literal('mean-difference'),
  site: z.enum(SITES),
  hook: z.string(),
  layer: z.coerce.number().int().nonnegative(),
  strength: z.coerce.number(),
  norm: z.coerce.number(),
  positions: z.enum(REACHES),
  model: z.string(),
  model_hash: z.string(),
  tokenizer_hash: z.string(),
  template_hash: z.string(),
  /** `directionHash` of the vector. */
  direction_hash: z.string(),
  data_hash: z.string(),
  /** Held-out rates at this setting, as JSON. */
  evaluation: z.string(),
});

export type VectorMetadata = z.infer<typeof metadataSchema>;

/** A steering vector with what it is bound to. */
export interface VectorFile {
  metadata: VectorMetadata;
  /** [d_model], as it is: strength 1 adds it once. */
  direction: Float32Array;
}

/** SHA-256 of a direction's float32 values. */
export const directionHash = (direction: Float32Array): string =>
  sha256(new Uint8Array(direction.buffer, direction.byteOffset, direction.byteLength));

const tensorName = (layer: number) => `directions.${layer}`;

/** Writes a vector as safetensors: one tensor `directions.{layer}`, everything else as metadata. */
export function writeVector(path: string, { metadata, direction }: VectorFile): void {
  const texts = Object.fromEntries(Object.entries(metadata).map(([k, v]) => [k, String(v)]));
  const tensors = new Map([
    [tensorName(metadata.layer), { dims: [direction.length], data: direction }],
  ]);
  writeSafetensors(path, tensors, { dtype: 'f32', metadata: texts });
}

/**
 * Reads a vector.
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_VECTOR where it is no vector file
 */
export function readVector(path: string): VectorFile {
  const parsed = metadataSchema.safeParse(readSafetensorsHeader(path).metadata);
  if (!parsed.success) {
    throw new SutureError(
      'BAD_VECTOR',
      `${path} is not a steering vector written by this version of Suture: ${z.prettifyError(parsed.error)}`,
    );
  }
  const metadata = parsed.data;
  const direction = readSafetensors(path).get(tensorName(metadata.layer))?.data;
  ensure(direction, 'BAD_VECTOR', `${path} holds no tensor ${tensorName(metadata.layer)}.`);
  ensure(
    directionHash(direction) === metadata.direction_hash,
    'BAD_VECTOR',
    `${path}: the vector was changed after it was written: its hash is not the one in its metadata.`,
  );
  return { metadata, direction };
}

/**
 * The edit that applies a vector to a model.
 *
 * @param options.strength another multiple than the one the vector was evaluated at
 * @param options.force apply it to a model it was not made for (the width must still fit)
 * @throws {SutureError} BAD_VECTOR for another model, or another width
 */
export function applyVector(
  { metadata, direction }: VectorFile,
  model: Model,
  options: { strength?: number; force?: boolean } = {},
): Intervention {
  ensure(
    direction.length === model.dModel && metadata.layer < model.nLayers,
    'BAD_VECTOR',
    `The vector has ${direction.length} values for layer ${metadata.layer}; this model has d_model ${model.dModel} and ${model.nLayers} layers.`,
  );
  const bound = [
    ['weights', metadata.model_hash, model.hash],
    ['tokenizer', metadata.tokenizer_hash, model.tokenizer?.hash ?? ''],
    ['chat template', metadata.template_hash, model.tokenizer?.chatTemplateHash ?? ''],
  ] as const;
  for (const [what, made, here] of bound) {
    ensure(
      options.force || made === here,
      'BAD_VECTOR',
      `The vector was made for another model (${metadata.model}): the ${what} differ. Derive one for this model with "suture repair", or force it.`,
    );
  }
  const { layer, strength, positions } = metadata;
  return steering({ layer, reach: positions, strength: options.strength ?? strength }, direction);
}
