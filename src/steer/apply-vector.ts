import { ensure } from '../core/index.js';
import { type Intervention, type ModelIdentity, mismatches } from '../engine/index.js';
import { difference, dot, norm, scaled } from '../tensor/index.js';
import { signerOf } from './signature.js';
import { layersOf, type VectorFile, type VectorMetadata } from './vector-file.js';

export interface ApplyVectorOptions {
  /** Another multiple than the one the vector was evaluated at. Defaults to that one. */
  strength?: number | undefined;
  /** In place of a multiple: what is added is as long as this share of the stream's median norm at its layer. */
  share?: number | undefined;
  /** The stream keeps its length: the vector turns it. Defaults to false. */
  keepNorm?: boolean | undefined;
  /** So many tokens behind the prompt's last one the strength has halved. Defaults to never. */
  halfLife?: number | undefined;
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
  const { strength = metadata.strength, share, keepNorm, halfLife } = options;
  ensure(
    share === undefined || options.strength === undefined,
    'BAD_ARGUMENT',
    'A strength is a multiple of the vector or a share of the stream: give one of them.',
  );
  if (options.signedBy !== undefined) checkSigner(file, options.signedBy);
  checkFit(directions, model);
  if (!options.force) checkBinding(metadata, model);
  ensure(
    (share ?? strength) >= 0 || options.allowNegative,
    'BAD_ARGUMENT',
    `Strength ${share ?? strength} would apply the vector backwards: a repair becomes an attack, and the model writes more insecure code. Where that is what you study, allow it (--allow-negative).`,
  );
  const { until } = metadata;
  return layersOf(directions).map((layer) => {
    const vector = directions.get(layer)!;
    return {
      hook: `blocks.${layer}.hook_resid_post`,
      op: 'add',
      vector,
      scale: share === undefined ? strength : multipleOf(share, vector, layer, metadata),
      positions: metadata.positions,
      ...(until && { until }),
      ...(keepNorm && { keepNorm }),
      ...(halfLife !== undefined && { halfLife }),
    };
  });
}

/** The multiple of a vector that is as long as a share of the stream at its layer. */
function multipleOf(
  share: number,
  vector: Float32Array,
  layer: number,
  { stream_norms: norms }: VectorMetadata,
): number {
  const stream = norms?.[layer];
  ensure(
    stream !== undefined,
    'BAD_VECTOR',
    `The vector does not say how long the stream is at layer ${layer}: give a multiple (--strength), or derive it anew with "suture repair".`,
  );
  const length = norm(vector);
  return length === 0 ? 0 : (share * stream) / length;
}

/** What is done where several vectors act at one layer. */
export const COMBINATIONS = ['sum', 'priority', 'orthogonalised'] as const;
export type Combination = (typeof COMBINATIONS)[number];

/**
 * The edits that apply several vectors to a model at once.
 *
 * - `sum`: each is added as if it were alone
 * - `priority`: at each layer the first that is given acts, and no other
 * - `orthogonalised`: each loses what it shares with those before it at its layer, so that no direction
 *   is pushed twice (Gram-Schmidt)
 *
 * @param rule defaults to `sum`
 * @throws {SutureError} as `applyVector`
 */
export function applyVectors(
  files: readonly VectorFile[],
  model: ModelIdentity,
  { rule = 'sum', ...options }: ApplyVectorOptions & { rule?: Combination | undefined } = {},
): Intervention[] {
  const taken = new Map<number, Float32Array[]>(); // by layer, orthonormal
  return files.flatMap((file) =>
    applyVector(combined(file, taken, rule), model, options).filter(
      // What was wholly another's adds nothing.
      (edit) => edit.op !== 'add' || norm(edit.vector) > 0,
    ),
  );
}

function combined(
  file: VectorFile,
  taken: Map<number, Float32Array[]>,
  rule: Combination,
): VectorFile {
  if (rule === 'sum') return file;
  const directions = new Map<number, Float32Array>();
  for (const [layer, vector] of file.directions) {
    const before = taken.get(layer) ?? [];
    if (rule === 'priority' && before.length > 0) continue;
    const left = before.reduce(
      (rest, unit) => difference(rest, scaled(unit, dot(rest, unit))),
      vector,
    );
    // Below what rounding leaves of a vector that lies in the others' span.
    const isNew = norm(left) > 1e-5 * norm(vector);
    directions.set(layer, isNew ? left : new Float32Array(vector.length));
    if (isNew) taken.set(layer, [...before, scaled(left, 1 / norm(left))]);
  }
  return { ...file, directions };
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
