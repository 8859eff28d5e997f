import { z } from 'zod';
import { ensure, jsonText, SutureError, sha256 } from '../core/index.js';
import { CWES } from '../scan/index.js';
import {
  norm,
  readSafetensors,
  readSafetensorsHeader,
  type Tensor,
  writeSafetensors,
} from '../tensor/index.js';
import { SITES } from './contrast.js';
import { isSigned, type Signature, signText } from './signature.js';

/** Where a vector acts; `all` is every token of prompt and text, as llama.cpp and repeng add theirs. */
export const VECTOR_POSITIONS = ['last_prompt_and_generated', 'last_prompt', 'all'] as const;

/** What a vector was made from and for. */
const metadataSchema = z.object({
  cwe: z.enum(CWES).optional(),
  /** How it was made: `mean-difference`, ..., or `imported`. */
  method: z.string().min(1),
  /** Where the activations were read. */
  site: z.enum(SITES).optional(),
  /** The multiple that it was evaluated at. */
  strength: z.coerce.number(),
  positions: z.enum(VECTOR_POSITIONS),
  /** Texts of which the first to be written ends it; absent where it goes on to the end. */
  until: jsonText(z.array(z.string().min(1)).nonempty()).optional(),
  /** By layer: median length of the stream where the vector was read. */
  stream_norms: jsonText(z.record(z.string(), z.number().nonnegative())).optional(),
  model: z.string(),
  /** `model_type` of the model. */
  family: z.string(),
  model_hash: z.string(),
  tokenizer_hash: z.string(),
  template_hash: z.string(),
  data_hash: z.string().optional(),
  /** Held-out rates at this setting, as JSON; absent where it was not evaluated. */
  evaluation: z.string().optional(),
});

export type VectorMetadata = z.infer<typeof metadataSchema>;

/** A steering vector with what it is bound to. */
export interface VectorFile {
  metadata: VectorMetadata;
  /** By block: [d_model] each, added to `blocks.{i}.hook_resid_post`; strength 1 adds them once. */
  directions: ReadonlyMap<number, Float32Array>;
  /** Of the checksum; absent where nobody signed. */
  signature?: Signature;
}

export const FORMAT = 'suture.steering-vector';
const VERSION = '2';

/** Everything a vector file says beside its numbers, with a checksum over both and its signature. */
export function vectorTexts({
  metadata,
  directions,
  signature,
}: VectorFile): Record<string, string> {
  const layers = layersOf(directions);
  const said = Object.entries(metadata).filter(([, value]) => value !== undefined);
  const texts = {
    format: FORMAT,
    version: VERSION,
    hook: 'hook_resid_post',
    layers: layers.join(),
    norms: layers.map((layer) => norm(directions.get(layer)!)).join(),
    ...Object.fromEntries(
      said.map(([name, value]) => [
        name,
        typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]),
    ),
  };
  return { ...texts, checksum: checksum(texts, directions), ...signature };
}

/**
 * The same vector, signed: whoever has the public key can tell that it is as the owner of the private
 * one left it, which a checksum alone, made anew by anyone, does not show.
 *
 * @param privateKey Ed25519 as PEM, such as `openssl genpkey -algorithm ed25519` makes
 * @throws {SutureError} BAD_ARGUMENT for another kind of key
 * @example
 * writeVector('signed.safetensors', signVector(readVector('v.safetensors'), pem));
 */
export function signVector(file: VectorFile, privateKey: string): VectorFile {
  return { ...file, signature: signText(vectorTexts(file).checksum!, privateKey) };
}

/**
 * The vector that texts and numbers make together.
 *
 * @param path for messages
 * @throws {SutureError} BAD_VECTOR where they are none, or not what was written
 */
export function vectorFrom(
  texts: Readonly<Record<string, string>>,
  directions: ReadonlyMap<number, Float32Array>,
  path: string,
): VectorFile {
  ensure(texts.format === FORMAT, 'BAD_VECTOR', `${path} is not a steering vector of Suture.`);
  ensure(
    texts.version === VERSION,
    'BAD_VECTOR',
    `${path} was written by another version of Suture (format ${texts.version}, here ${VERSION}): derive the vector again with "suture repair".`,
  );
  ensure(
    texts.checksum === checksum(texts, directions),
    'BAD_VECTOR',
    `${path} was changed after it was written: its checksum is not that of its content. Take it again from where it came from.`,
  );
  const parsed = metadataSchema.safeParse(texts);
  if (!parsed.success) {
    throw new SutureError(
      'BAD_VECTOR',
      `${path} is not a steering vector written by this version of Suture: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { signer, signature } = texts;
  if (signer === undefined || signature === undefined) {
    return { metadata: parsed.data, directions };
  }
  const signed = { signer, signature };
  ensure(
    isSigned(texts.checksum, signed),
    'BAD_VECTOR',
    `${path}: its signature is not of this content. Take it again from where it came from.`,
  );
  return { metadata: parsed.data, directions, signature: signed };
}

/** SHA-256 over all texts but itself and its signature, by their names, and all numbers, by layer. */
export function checksum(
  { checksum: _, signer: __, signature: ___, ...texts }: Readonly<Record<string, string>>,
  directions: ReadonlyMap<number, Float32Array>,
): string {
  const layers = layersOf(directions);
  const names = Object.keys(texts).sort();
  const widths = layers.map((layer) => [layer, directions.get(layer)!.length]);
  const head = JSON.stringify([names.map((name) => [name, texts[name]]), widths]);
  const numbers = layers.map((layer) => bytesOf(directions.get(layer)!));
  return sha256(Buffer.concat([Buffer.from(head), ...numbers]));
}

export const layersOf = (directions: ReadonlyMap<number, unknown>) =>
  [...directions.keys()].sort((a, b) => a - b);

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Writes a vector as safetensors: a tensor `directions.{layer}` for each layer, the rest as metadata. */
export function writeVector(path: string, file: VectorFile): void {
  const tensors = directionTensors(file.directions, 'directions');
  writeSafetensors(path, tensors, { dtype: 'f32', metadata: vectorTexts(file) });
}

/** Directions as tensors `{prefix}.{layer}`, from the first layer on. */
export const directionTensors = (
  directions: ReadonlyMap<number, Float32Array>,
  prefix: string,
): Map<string, Tensor> =>
  new Map(
    layersOf(directions).map((layer) => {
      const data = directions.get(layer)!;
      return [`${prefix}.${layer}`, { dims: [data.length], data }];
    }),
  );

/**
 * Reads a vector.
 * @throws {SutureError} NOT_FOUND; BAD_CHECKPOINT where it is truncated; BAD_VECTOR where it is no
 *   vector file or was changed
 */
export function readVector(path: string): VectorFile {
  const { metadata } = readSafetensorsHeader(path);
  return vectorFrom(metadata, readDirections(path, /^directions\.(\d+)$/), path);
}

/**
 * The directions of a safetensors file, by layer; other tensors are left alone.
 *
 * @param pattern of their names, with the layer as its group
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_VECTOR where a direction is no vector
 */
export function readDirections(path: string, pattern: RegExp): Map<number, Float32Array> {
  const directions = new Map<number, Float32Array>();
  for (const [name, { dims, data }] of readSafetensors(path)) {
    const layer = pattern.exec(name)?.[1];
    if (layer === undefined) continue;
    ensure(
      dims.length === 1,
      'BAD_VECTOR',
      `${path}: ${name} has shape [${dims.join(', ')}]; a direction has one axis.`,
    );
    directions.set(Number(layer), data);
  }
  return directions;
}
