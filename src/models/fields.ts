import { z } from 'zod';
import { ensure, SutureError } from '../core/index.js';

/** Reads the fields that a family needs; `schema` has the defaults of its configuration class. */
export function readFields<S extends z.ZodType>(
  schema: S,
  json: unknown,
  from: string,
): z.infer<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new SutureError('BAD_CONFIG', `${from}: ${z.prettifyError(parsed.error)}`);
}

/** Fields whose names and meaning most families share. */
export const commonFields = {
  vocab_size: z.int().positive(),
  tie_word_embeddings: z.boolean().default(false),
  bos_token_id: z.int().nullish(),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
};

/** The same of families that follow Llama's names. */
export const llamaFields = {
  ...commonFields,
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().nullish(),
  head_dim: z.int().positive().nullish(),
  intermediate_size: z.int().positive(),
  max_position_embeddings: z.int().positive().default(2048),
};

/** Beginning- and end-of-sequence tokens. */
export function specialIds(c: {
  bos_token_id?: number | null | undefined;
  eos_token_id?: number | number[] | null | undefined;
}): { bosId: number | undefined; eosIds: readonly number[] } {
  return { bosId: c.bos_token_id ?? undefined, eosIds: [c.eos_token_id ?? []].flat() };
}

/** How `d_model` is cut into heads. */
export function headsOf(
  c: {
    hidden_size: number;
    num_attention_heads: number;
    num_key_value_heads?: number | null | undefined;
    head_dim?: number | null | undefined;
  },
  from: string,
): { nHeads: number; nKvHeads: number; headDim: number } {
  const nHeads = c.num_attention_heads;
  const nKvHeads = c.num_key_value_heads ?? nHeads;
  divides(nHeads, nKvHeads, 'the number of attention heads', from);
  if (c.head_dim == null) divides(c.hidden_size, nHeads, 'the hidden size', from);
  return { nHeads, nKvHeads, headDim: c.head_dim ?? c.hidden_size / nHeads };
}

const partialRotary = { partial_rotary_factor: z.number().positive().max(1).nullish() };
const rotaryFields = z.object({
  ...partialRotary,
  rope_parameters: z.object(partialRotary).nullish(),
});

/**
 * How many of each head's values are rotated, where a family rotates only a share of them:
 * `partial_rotary_factor`, which newer files have inside `rope_parameters`.
 */
export function rotatedDim(json: unknown, from: string, headDim: number, share: number): number {
  const c = readFields(rotaryFields, json, from);
  const factor = c.rope_parameters?.partial_rotary_factor ?? c.partial_rotary_factor ?? share;
  const dim = Math.floor(headDim * factor);
  evenRotary(dim, headDim, from);
  return dim;
}

/** @throws {SutureError} BAD_CONFIG where so many of a head's values cannot be rotated in pairs */
export function evenRotary(dim: number, headDim: number, from: string): void {
  ensure(
    dim > 0 && dim <= headDim && dim % 2 === 0,
    'BAD_CONFIG',
    `${from}: ${dim} of each head's ${headDim} values cannot be rotated in pairs.`,
  );
}

/** @throws {SutureError} BAD_CONFIG where `a` is not a multiple of `b` */
export function divides(a: number, b: number, what: string, from: string): void {
  ensure(a % b === 0, 'BAD_CONFIG', `${from}: ${what} (${a}) is not a multiple of ${b}.`);
}

/** @throws {SutureError} UNSUPPORTED where a field has a value whose meaning is not implemented */
export function demand(holds: boolean, feature: string, from: string): void {
  ensure(holds, 'UNSUPPORTED', `${from}: ${feature} is not supported.`);
}
