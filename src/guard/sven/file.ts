import { join } from 'node:path';
import { z } from 'zod';
import { checkPrefix, type Model, type Prefix } from '../../engine/index.js';
import { readTensor, type Tensor, writeSafetensors } from '../../tensor/index.js';
import { ensureFits, hashOf, ORIGIN, readLearnt } from '../bound.js';
import { CONTROLS, type Control } from './prefix.js';

const metadataSchema = z.object({
  ...ORIGIN,
  format: z.literal('suture.prefix'),
  method: z.literal('sven'),
  /** Tokens that it stands for. */
  length: z.coerce.number().int().positive(),
});
export type PrefixMetadata = z.infer<typeof metadataSchema>;

/** The prefixes of a folder. */
export interface PrefixFile {
  dir: string;
  metadata: PrefixMetadata;
  /** SHA-256 of `prefix.safetensors`. */
  hash: string;
  /** What `model.generate` takes. */
  prefixes: Record<Control, Prefix>;
}

const FILE = 'prefix.safetensors';
const namesOf = (control: Control, layer: number) => ({
  key: `${control}.layers.${layer}.key`,
  value: `${control}.layers.${layer}.value`,
});

export function writePrefix(
  dir: string,
  prefixes: Record<Control, Prefix>,
  about: Omit<PrefixMetadata, 'format' | 'version' | 'method'>,
): void {
  const tensors = new Map<string, Tensor>();
  for (const control of CONTROLS) {
    for (const [layer, { key, value }] of prefixes[control].layers.entries()) {
      const names = namesOf(control, layer);
      tensors.set(names.key, key).set(names.value, value);
    }
  }
  const metadata = {
    ...about,
    format: 'suture.prefix',
    version: '1',
    method: 'sven',
    length: String(about.length),
    training: JSON.stringify(about.training),
  };
  writeSafetensors(join(dir, FILE), tensors, { dtype: 'f32', metadata });
}

/**
 * Opens the prefixes in a folder for a model.
 *
 * @param options.force use them with a model that they were not made for (the shapes must still fit)
 * @throws {SutureError} NOT_FOUND, BAD_CHECKPOINT; BAD_ADAPTER where they are none, or of another model; UNSUPPORTED for a
 *   model that cannot have one
 * @example
 * const { prefixes } = openPrefix('runs/sven', model);
 * await model.generate({ text: 'def login(name):' }, { prefix: prefixes.secure });
 */
export function openPrefix(
  dir: string,
  model: Pick<Model, 'config' | 'hash' | 'tokenizer'>,
  options: { force?: boolean } = {},
): PrefixFile {
  const path = join(dir, FILE);
  const learnt = readLearnt(path, metadataSchema, 'prefix');
  const { metadata, tensors } = learnt;
  const { nLayers, nKvHeads, headDim } = model.config;
  const places = CONTROLS.flatMap((control) =>
    Array.from({ length: nLayers }, (_, layer) => namesOf(control, layer)),
  );
  const dims = [nKvHeads, metadata.length, headDim];
  const shapes = new Map(places.flatMap(({ key, value }) => [key, value].map((n) => [n, dims])));
  ensureFits(path, 'prefix', learnt, shapes, model, options.force);
  const prefixOf = (control: Control): Prefix => {
    const layers = Array.from({ length: nLayers }, (_, layer) => {
      const { key, value } = namesOf(control, layer);
      return { key: readTensor(tensors.get(key)!), value: readTensor(tensors.get(value)!) };
    });
    checkPrefix({ layers }, model.config);
    return { layers };
  };
  const prefixes = { secure: prefixOf('secure'), vulnerable: prefixOf('vulnerable') };
  return { dir, metadata, hash: hashOf(path), prefixes };
}
