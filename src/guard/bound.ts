import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ensure, fileError, jsonText, SutureError, sha256 } from '../core/index.js';
import { boundTo, type Model, mismatches } from '../engine/index.js';
import { readSafetensorsHeader, type TensorEntry } from '../tensor/index.js';
import type { TokenPair } from './data/tokens.js';

/** What every learnt file says of where it comes from, as texts beside its tensors. */
export const ORIGIN = {
  version: z.literal('1'),
  model: z.string(),
  model_hash: z.string(),
  tokenizer_hash: z.string(),
  template_hash: z.string(),
  /** Of the pairs' tokens. */
  data_hash: z.string(),
  /** How it was trained, as JSON. */
  training: jsonText(z.looseObject({})),
};

/** The same for a model and the pairs that were learnt from. */
export function originOf(model: Model, pairs: readonly TokenPair[]) {
  const { family: _, ...bound } = boundTo(model);
  const ids = pairs.map(({ vulnerable, secure }) => [vulnerable.ids, secure.ids]);
  return { ...bound, data_hash: sha256(JSON.stringify(ids)) };
}

export function hashOf(path: string): string {
  try {
    return sha256(readFileSync(path));
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

/** Texts and tensors of a file. @throws {SutureError} BAD_ADAPTER where the texts are not as `schema` says */
export function readLearnt<T>(
  path: string,
  schema: z.ZodType<T>,
  what: string,
): { metadata: T; tensors: Map<string, TensorEntry> } {
  const { metadata, tensors } = readSafetensorsHeader(path);
  const parsed = schema.safeParse(metadata);
  if (parsed.success) return { metadata: parsed.data, tensors: new Map(tensors) };
  throw new SutureError(
    'BAD_ADAPTER',
    `${path} is not a ${what} written by this version of Suture: ${z.prettifyError(parsed.error)}`,
  );
}

/**
 * @param force lets one pass that was made for another model, where the shapes fit
 * @throws {SutureError} BAD_ADAPTER where shapes or model are others
 */
export function ensureFits(
  path: string,
  what: string,
  learnt: { metadata: Parameters<typeof mismatches>[0] & { model: string } } & {
    tensors: ReadonlyMap<string, TensorEntry>;
  },
  shapes: ReadonlyMap<string, readonly number[]>,
  model: Pick<Model, 'hash' | 'tokenizer'>,
  force = false,
): void {
  for (const [name, dims] of shapes) {
    const found = learnt.tensors.get(name)?.dims;
    ensure(
      found?.join() === dims.join(),
      'BAD_ADAPTER',
      `${path}: this model needs ${name} of shape [${dims.join(', ')}]; the ${what} has ${found ? `[${found.join(', ')}]` : 'none'}.`,
    );
  }
  const [other] = mismatches(learnt.metadata, model);
  ensure(
    force || other === undefined,
    'BAD_ADAPTER',
    `${path} was made for another model (${learnt.metadata.model}): the ${other} differ. Train one for this model, or force it.`,
  );
}
