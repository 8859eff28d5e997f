import { ensure } from '../core/index.js';
import type { Intervention, ModelIdentity } from '../engine/index.js';
import { signerOf } from './signature.js';
import { boundTo, layersOf, type VectorFile, type VectorMetadata } from './vector-file.js';

export interface ApplyVectorOptions {
  /** Another multiple than the one the vector was evaluated at. Defaults to that one. */
  strength?: number | undefined;
  /** Applies it to a model that it was not made for; width and depth must still fit. Defaults to false. */
  force?: boolean | undefined;
  /** Takes a strength below 0, which turns a repair into an attack. Defaults to false. */
  allowNegative?: boolean | undefined;
  /** Refuses a vector that the owner of this public key (Ed25519 as PEM) did not sign. Defaults to none. */
  signedBy?: string | undefined;
}

/**
 * The edits that apply a vector to a model, one for each of its layers.
 *
 * @throws {SutureError} BAD_VECTOR for another model, another width or too few layers, or one that was not
 *   signed; BAD_ARGUMENT for a strength below 0 that was not allowed
 * @example
 * const interventions = applyVector(readVector('cwe-787.safetensors'), model);
 */
export function applyVector(
  file: VectorFile,
  model: ModelIdentity,
  options: ApplyVectorOptions = {},
): Intervention[] {
  const { directions, metadata } = file;
  const { strength = metadata.strength } = options;
  if (options.signedBy !== undefined) checkSigner(file, options.signedBy);
  checkFit(directions, model);
  if (!options.force) checkBinding(metadata, model);
  ensure(
    strength >= 0 || options.allowNegative,
    'BAD_ARGUMENT',
    `Strength ${strength} would apply the vector backwards: a repair becomes an attack, and the model writes more insecure code. Where that is what you study, allow it (--allow-negative).`,
  );
  return layersOf(directions).map((layer) => ({
    hook: `blocks.${layer}.hook_resid_post`,
    op: 'add',
    vector: directions.get(layer)!,
    scale: strength,
    positions: metadata.positions,
  }));
}

/** @throws {SutureError} BAD_VECTOR where the directions cannot be added to such a model */
export function checkFit(
  directions: ReadonlyMap<number, Float32Array>,
  { dModel, nLayers }: Pick<ModelIdentity, 'dModel' | 'nLayers'>,
): void {
  for (const [layer, { length }] of directions) {
    ensure(
      length === dModel && layer < nLayers,
      'BAD_VECTOR',
      `The vector has ${length} values for layer ${layer}; this model has d_model ${dModel} and ${nLayers} layers.`,
    );
  }
}

/** What of a model is not what the vector was made for; nothing where all is. */
export function mismatches(metadata: VectorMetadata, model: ModelIdentity): string[] {
  const here = boundTo(model);
  const parts = [
    ['weights', 'model_hash'],
    ['tokenizer', 'tokenizer_hash'],
    ['chat template', 'template_hash'],
  ] as const;
  return parts.flatMap(([what, field]) => (metadata[field] === here[field] ? [] : [what]));
}

/** @throws {SutureError} BAD_VECTOR where the model is not the one the vector was made for */
export function checkBinding(metadata: VectorMetadata, model: ModelIdentity): void {
  const [first, ...others] = mismatches(metadata, model);
  ensure(
    first === undefined,
    'BAD_VECTOR',
    `The vector was made for another model (${metadata.model}): the ${[first, ...others].join(', ')} differ. Derive one for this model with "suture repair", or force it.`,
  );
}

/** @throws {SutureError} BAD_VECTOR where the owner of this public key did not sign the vector */
export function checkSigner({ signature }: VectorFile, publicKey: string): void {
  ensure(
    signature,
    'BAD_VECTOR',
    'The vector is not signed: whose it is cannot be told. Take it from where it came from, signed.',
  );
  ensure(
    signature.signer === signerOf(publicKey),
    'BAD_VECTOR',
    'The vector was signed with another key than the one that is asked for.',
  );
}
