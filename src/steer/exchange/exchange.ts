import { closeSync, openSync, readSync } from 'node:fs';
import { ensure, fileError } from '../../core/index.js';
import { boundTo, type ModelIdentity } from '../../engine/index.js';
import type { Cwe } from '../../scan/index.js';
import { checkBinding, checkFit } from '../apply-vector.js';
import { type VectorFile, type VectorMetadata, vectorFrom, vectorTexts } from '../vector-file.js';
import type { ControlVector } from './control-vector.js';
import { readGguf, writeGguf } from './gguf.js';
import { readJsonVector, writeJsonVector } from './json.js';
import { readRepeng, writeRepeng } from './repeng.js';

/** Formats of other programs. */
export const EXCHANGE_FORMATS = ['gguf', 'repeng', 'json'] as const;
export type ExchangeFormat = (typeof EXCHANGE_FORMATS)[number];

const READERS = { gguf: readGguf, repeng: readRepeng, json: readJsonVector };
const WRITERS = { gguf: writeGguf, repeng: writeRepeng, json: writeJsonVector };

/**
 * Writes a vector for another program: its numbers as they are (the strength is for that program to
 * apply), and beside them, where it passes over it, what binds the vector.
 *
 * @param layers only these. Defaults to all
 * @throws {SutureError} BAD_VECTOR where the format cannot hold a layer; BAD_ARGUMENT where the vector
 *   has no such layer; DISK
 */
export function exportVector(
  path: string,
  file: VectorFile,
  format: ExchangeFormat,
  layers?: readonly number[],
): void {
  const directions = chosen(file.directions, layers);
  const { evaluation, ...metadata } = file.metadata;
  // A part of a vector is not what was evaluated, nor what was signed.
  const part = directions.size < file.directions.size ? { metadata, directions } : file;
  const texts = vectorTexts(part);
  WRITERS[format](path, { family: file.metadata.family, directions, texts });
}

export interface ImportOptions {
  /** The model it is for, which it is then bound to. Needed where the file does not say. */
  model?: ModelIdentity | undefined;
  /** Only these layers, by the numbers they have in Suture. Defaults to all. */
  layers?: readonly number[] | undefined;
  /** Added to the numbers in the file. Defaults to 0, and must be given where they are in doubt. */
  layerShift?: number | undefined;
  /** The multiple to apply it at. Defaults to 1. */
  strength?: number | undefined;
  /** Where it acts. Defaults to `all`, as in llama.cpp and repeng. */
  positions?: VectorMetadata['positions'] | undefined;
  /** The weakness it is against, where it is against one. */
  cwe?: Cwe | undefined;
  /** Takes it for a model of another family, or that it was not made for. Defaults to false. */
  force?: boolean | undefined;
}

/**
 * Reads a vector of another program, in whichever of the formats the file is. One that Suture wrote
 * is checked and bound to what it was; any other is bound to `options.model`.
 *
 * @throws {SutureError} NOT_FOUND; BAD_VECTOR where it is damaged, in doubt or does not fit;
 *   BAD_ARGUMENT for options that are missing or that a bound vector does not take
 */
export function importVector(path: string, options: ImportOptions = {}): VectorFile {
  const { model, force = false } = options;
  const vector = READERS[formatOf(path)](path);
  if (vector.texts) {
    refuseChanges(path, options);
    const file = vectorFrom(vector.texts, vector.directions, path);
    if (model) {
      checkFit(file.directions, model);
      if (!force) checkBinding(file.metadata, model);
    }
    return file;
  }
  ensure(
    model,
    'BAD_ARGUMENT',
    `${path} does not say which model it was made for. Name it with --model: the vector is then bound to it.`,
  );
  const directions = chosen(shifted(path, vector, options), options.layers);
  checkFit(directions, model);
  ensure(
    force || vector.family === undefined || isFamily(vector.family, model.config.family),
    'BAD_VECTOR',
    `${path} was made for a model of the family ${vector.family}; ${model.id} is of the family ${model.config.family}. Name its own model, or force it.`,
  );
  const { strength = 1, positions = 'all', cwe } = options;
  return {
    directions,
    metadata: { ...(cwe && { cwe }), method: 'imported', strength, positions, ...boundTo(model) },
  };
}

/** What a file is, by how it begins. */
function formatOf(path: string): ExchangeFormat {
  const bytes = Buffer.alloc(16);
  let start: string;
  try {
    const descriptor = openSync(path, 'r');
    start = bytes.toString('latin1', 0, readSync(descriptor, bytes));
    closeSync(descriptor);
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
  if (start.startsWith('GGUF')) return 'gguf';
  // A safetensors file begins with its header's length in eight bytes, the last of which are 0.
  return /^(\xef\xbb\xbf)?\s*\{/.test(start) && !start.includes('\0') ? 'json' : 'repeng';
}

function refuseChanges(path: string, options: ImportOptions): void {
  const given = (['layers', 'layerShift', 'strength', 'positions', 'cwe'] as const).find(
    (name) => options[name] !== undefined,
  );
  ensure(
    given === undefined,
    'BAD_ARGUMENT',
    `${path} was written by Suture and says itself what it is: it takes no other ${given === 'layerShift' ? 'layer shift' : given}.`,
  );
}

/** Directions under the numbers of the blocks they act at. */
function shifted(
  path: string,
  { directions, numbersUnsure }: ControlVector,
  { layerShift }: ImportOptions,
): Map<number, Float32Array> {
  ensure(
    layerShift !== undefined || !numbersUnsure,
    'BAD_ARGUMENT',
    `${path} counts its layers like a file of llama-cvector-generator, which calls the difference read after block i "direction.{i+1}"; llama.cpp then adds it after block i+1. Say --layer-shift -1 to put each where it was read, or --layer-shift 0 to put it where llama.cpp adds it.`,
  );
  const shift = layerShift ?? 0;
  const lowest = Math.min(...directions.keys());
  ensure(
    lowest + shift >= 0,
    'BAD_ARGUMENT',
    `${path} has a direction for layer ${lowest}: a shift by ${shift} leads below block 0.`,
  );
  return new Map([...directions].map(([layer, direction]) => [layer + shift, direction]));
}

function chosen(
  directions: ReadonlyMap<number, Float32Array>,
  layers: readonly number[] | undefined,
): ReadonlyMap<number, Float32Array> {
  if (layers === undefined) return directions;
  return new Map(
    layers.map((layer) => {
      const direction = directions.get(layer);
      ensure(
        direction,
        'BAD_ARGUMENT',
        `The vector has no layer ${layer}; it has ${[...directions.keys()].join(', ')}.`,
      );
      return [layer, direction];
    }),
  );
}

/** llama.cpp's names of architectures, where they are not the `model_type` of Hugging Face. */
const LLAMA_CPP_NAMES: Record<string, readonly string[]> = {
  llama: ['llama', 'mistral'],
  gptneox: ['gpt_neox'],
  starcoder: ['gpt_bigcode'],
  phi2: ['phi'],
};

const isFamily = (hint: string, family: string) =>
  hint === family || (LLAMA_CPP_NAMES[hint]?.includes(family) ?? false);
