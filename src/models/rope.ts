import { z } from 'zod';
import { SutureError } from '../core/index.js';
import type { Tensor } from '../tensor/index.js';

/** Rotary position embedding (Su et al. 2021). */
export type RopeConfig = RotaryShape & RopeScaling;

export interface RotaryShape {
  /** How many of each head's values are rotated: the first ones. */
  dim: number;
  /** Whether neighbours are rotated against each other, or the two halves. */
  interleaved: boolean;
}

/** The base, and how frequencies are stretched for longer contexts. */
export type RopeScaling = { theta: number } & (
  | { type: 'default' }
  | { type: 'linear'; factor: number }
  | {
      type: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalMaxPositions: number;
    }
);

const scaling = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional(),
});
const fields = z.object({
  rope_theta: z.number().positive().optional(),
  rope_scaling: scaling.nullish(),
  rope_parameters: scaling.nullish(),
});

/**
 * The rotary part of a `config.json`: `rope_theta` with `rope_scaling` (`rope_type`, or `type` in
 * older files), or the newer `rope_parameters`.
 *
 * @param dim how many of each head's values are rotated
 */
export function parseRope(
  json: unknown,
  from: string,
  dim: number,
  interleaved = false,
): RopeConfig {
  return { dim, interleaved, ...parseScaling(json, from) };
}

function parseScaling(json: unknown, from: string): RopeScaling {
  const parsed = fields.safeParse(json);
  if (!parsed.success) {
    throw new SutureError('BAD_CONFIG', `${from}: ${z.prettifyError(parsed.error)}`);
  }
  const options = parsed.data.rope_parameters ?? parsed.data.rope_scaling ?? {};
  const theta = options.rope_theta ?? parsed.data.rope_theta ?? 10000;
  const type = options.rope_type ?? options.type ?? 'default';
  const need = (
    name: 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings',
  ) => {
    const value = options[name];
    if (value === undefined) {
      throw new SutureError('BAD_CONFIG', `${from}: rotary scaling "${type}" needs "${name}".`);
    }
    return value;
  };
  switch (type) {
    case 'default':
      return { theta, type };
    case 'linear':
      return { theta, type, factor: need('factor') };
    case 'llama3':
      return {
        theta,
        type,
        factor: need('factor'),
        lowFrequencyFactor: need('low_freq_factor'),
        highFrequencyFactor: need('high_freq_factor'),
        originalMaxPositions: need('original_max_position_embeddings'),
      };
    default:
      throw new SutureError('UNSUPPORTED', `${from}: rotary scaling "${type}" is not supported.`);
  }
}

const f = Math.fround;

/**
 * Inverse frequencies [dim / 2] of a sequence of `length` tokens, rounded to float32 at the steps
 * where Hugging Face's code does, since the error of a frequency grows with the position it is
 * multiplied by.
 */
export function inverseFrequencies(rope: RopeConfig, _length: number): Float32Array {
  const base = Float32Array.from({ length: rope.dim / 2 }, (_, i) =>
    f(1 / f(rope.theta ** f((2 * i) / rope.dim))),
  );
  switch (rope.type) {
    case 'default':
      return base;
    case 'linear':
      return base.map((frequency) => frequency / rope.factor);
    case 'llama3':
      return base.map((frequency) => {
        const turns = (rope.originalMaxPositions * frequency) / (2 * Math.PI);
        if (turns < rope.lowFrequencyFactor) return frequency / rope.factor;
        if (turns > rope.highFrequencyFactor) return frequency;
        const smooth =
          (turns - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor);
        return (1 - smooth) * (frequency / rope.factor) + smooth * frequency;
      });
  }
}

/** Cosines and sines of tokens at their positions, kept from one call to the next. */
export class RotaryTables {
  readonly #rope: RopeConfig;
  /** For each sequence length that has frequencies of its own: angles' cosines and sines so far. */
  readonly #known = new Map<number, { cos: Float32Array; sin: Float32Array }>();

  constructor(rope: RopeConfig) {
    this.#rope = rope;
  }

  /**
   * @param positions of each token
   * @param lengths of the sequence that each token belongs to, from its first token to its last
   * @returns cos and sin, each [tokens, dim / 2]
   */
  rows(positions: readonly number[], lengths: readonly number[]): { cos: Tensor; sin: Tensor } {
    const half = this.#rope.dim / 2;
    const dims = [positions.length, half];
    const cos = new Float32Array(positions.length * half);
    const sin = new Float32Array(positions.length * half);
    for (const [i, position] of positions.entries()) {
      const table = this.#table(lengths[i]!, position);
      const from = position * half;
      cos.set(table.cos.subarray(from, from + half), i * half);
      sin.set(table.sin.subarray(from, from + half), i * half);
    }
    return { cos: { dims, data: cos }, sin: { dims, data: sin } };
  }

  /** A table for sequences of `length`, at least up to `position`. */
  #table(length: number, position: number): { cos: Float32Array; sin: Float32Array } {
    const half = this.#rope.dim / 2;
    const regime = scalingRegime(this.#rope, length);
    const known = this.#known.get(regime);
    if (known && known.cos.length > position * half) return known;
    const frequencies = inverseFrequencies(this.#rope, length);
    const positions = Math.max(256, 2 * position);
    const cos = new Float32Array(positions * half);
    const sin = new Float32Array(positions * half);
    for (let i = 0; i < cos.length; i++) {
      const angle = f(Math.floor(i / half) * frequencies[i % half]!);
      cos[i] = Math.cos(angle);
      sin[i] = Math.sin(angle);
    }
    if (!known) this.#known.clear(); // lengths grow: the last regime is the one that is needed
    this.#known.set(regime, { cos, sin });
    return { cos, sin };
  }
}

/** Whether the frequencies follow the sequence's length: then no two prompts can share a cache. */
export function dependsOnLength(rope: RopeConfig): boolean {
  return scalingRegime(rope, 1) !== scalingRegime(rope, Number.MAX_SAFE_INTEGER);
}

/** Sequences of lengths that give the same number here have the same frequencies. */
function scalingRegime(_rope: RopeConfig, _length: number): number {
  return 0;
}
