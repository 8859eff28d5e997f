import { z } from 'zod';
import { ensure, SutureError } from '../core/index.js';
import type { Tensor } from '../tensor/index.js';
import { demand, readFields } from './fields.js';

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
  /** All positions closer together (Chen et al. 2023). */
  | { type: 'linear'; factor: number }
  /** A base that grows with the sequence, from `maxPositions` on ("dynamic NTK"). */
  | { type: 'dynamic'; factor: number; maxPositions: number }
  /** Slow frequencies stretched, fast ones kept (Llama 3.1). */
  | {
      type: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalMaxPositions: number;
    }
  /** The same by turns within the original context (Peng et al. 2023). */
  | {
      type: 'yarn';
      factor: number;
      /** Multiplies cosines and sines. */
      attentionFactor: number;
      betaFast: number;
      betaSlow: number;
      /** Whether the bounds between fast and slow are whole numbers. */
      truncate: boolean;
      originalMaxPositions: number;
    }
  /** A factor for each frequency: one set up to the original context, one beyond (Ding et al. 2024). */
  | {
      type: 'longrope';
      attentionFactor: number;
      shortFactors: readonly number[];
      longFactors: readonly number[];
      originalMaxPositions: number;
    }
);

const positive = z.number().positive();
const scaling = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: positive.nullish(),
  factor: positive.nullish(),
  low_freq_factor: positive.nullish(),
  high_freq_factor: positive.nullish(),
  original_max_position_embeddings: positive.nullish(),
  attention_factor: positive.nullish(),
  beta_fast: positive.nullish(),
  beta_slow: positive.nullish(),
  mscale: z.number().nonnegative().nullish(),
  mscale_all_dim: z.number().nonnegative().nullish(),
  truncate: z.boolean().default(true),
  short_factor: z.array(positive).nullish(),
  long_factor: z.array(positive).nullish(),
});
const fields = z.object({
  rope_theta: positive.nullish(),
  rope_scaling: scaling.nullish(),
  rope_parameters: scaling.nullish(),
  max_position_embeddings: z.int().positive().optional(),
  original_max_position_embeddings: z.int().positive().nullish(),
});

/** Keys of other models' scalings that would change the figures. */
const UNKNOWN_KEYS = ['mrope_section', 'short_mscale', 'long_mscale', 'llama_4_scaling_beta'];

/**
 * The rotary part of a `config.json`: `rope_theta` with `rope_scaling` (`rope_type`, or `type` in
 * older files), or the newer `rope_parameters`. Published in Hugging Face's `modeling_rope_utils.py`.
 *
 * @param dim how many of each head's values are rotated
 * @throws {SutureError} BAD_CONFIG where a field is missing or impossible; UNSUPPORTED
 */
export function parseRope(
  json: unknown,
  from: string,
  dim: number,
  interleaved = false,
): RopeConfig {
  return { dim, interleaved, ...parseScaling(json, from, dim) };
}

function parseScaling(json: unknown, from: string, dim: number): RopeScaling {
  const config = readFields(fields, json, from);
  const options = config.rope_parameters ?? config.rope_scaling ?? scaling.parse({});
  const theta = options.rope_theta ?? config.rope_theta ?? 10000;
  const type = options.rope_type ?? options.type ?? 'default';
  const name = `rotary scaling "${type}"`;
  for (const key of UNKNOWN_KEYS) demand(!(key in options), `"${key}" in ${name}`, from);
  const perLayer = Object.values(options).some((x) => x?.constructor === Object);
  demand(!perLayer, 'rotary scaling per kind of layer ("rope_parameters")', from);

  const need = <T>(key: string, value: T | null | undefined): T => {
    ensure(value != null, 'BAD_CONFIG', `${from}: ${name} needs "${key}".`);
    return value;
  };
  const needFactor = () => need('factor', options.factor);
  const maxPositions = () => need('max_position_embeddings', config.max_position_embeddings);
  const original = () =>
    config.original_max_position_embeddings ??
    options.original_max_position_embeddings ??
    maxPositions();

  switch (type) {
    case 'default':
      return { theta, type };
    case 'linear':
      return { theta, type, factor: needFactor() };
    case 'dynamic':
      return { theta, type, factor: needFactor(), maxPositions: maxPositions() };
    case 'llama3':
      return {
        theta,
        type,
        factor: needFactor(),
        lowFrequencyFactor: need('low_freq_factor', options.low_freq_factor),
        highFrequencyFactor: need('high_freq_factor', options.high_freq_factor),
        originalMaxPositions: need(
          'original_max_position_embeddings',
          options.original_max_position_embeddings,
        ),
      };
    case 'yarn': {
      ensure(theta > 1, 'BAD_CONFIG', `${from}: ${name} needs a "rope_theta" above 1.`);
      const originalMaxPositions = original();
      const factor = options.factor ?? maxPositions() / originalMaxPositions;
      const { mscale, mscale_all_dim } = options;
      // DeepSeek's two scales; either alone, or zero, means nothing.
      const given =
        mscale && mscale_all_dim
          ? yarnScale(factor, mscale) / yarnScale(factor, mscale_all_dim)
          : yarnScale(factor, 1);
      return {
        theta,
        type,
        factor,
        attentionFactor: options.attention_factor ?? given,
        betaFast: options.beta_fast ?? 32,
        betaSlow: options.beta_slow ?? 1,
        truncate: options.truncate,
        originalMaxPositions,
      };
    }
    case 'longrope': {
      const originalMaxPositions = original();
      const factor = options.factor ?? maxPositions() / originalMaxPositions;
      const suggested =
        factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions));
      const factors = (key: 'short_factor' | 'long_factor') => {
        const list = need(key, options[key]);
        const fits = list.length === dim / 2;
        ensure(fits, 'BAD_CONFIG', `${from}: "${key}" has ${list.length} values, not ${dim / 2}.`);
        return list;
      };
      return {
        theta,
        type,
        attentionFactor: options.attention_factor ?? suggested,
        shortFactors: factors('short_factor'),
        longFactors: factors('long_factor'),
        originalMaxPositions,
      };
    }
    default:
      throw new SutureError('UNSUPPORTED', `${from}: ${name} is not supported.`);
  }
}

/** YaRN's factor on queries and keys, as its section 3.4 suggests. */
function yarnScale(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}

const f = Math.fround;

/**
 * Inverse frequencies [dim / 2] of a sequence of `length` tokens, rounded to float32 at the steps
 * where Hugging Face's code does, since the error of a frequency grows with the position it is
 * multiplied by.
 */
export function inverseFrequencies(rope: RopeConfig, length: number): Float32Array {
  const { dim } = rope;
  const powers = (theta: number) =>
    Float32Array.from({ length: dim / 2 }, (_, i) => theta ** f((2 * i) / dim));
  const base = powers(rope.theta).map((power) => 1 / power);
  switch (rope.type) {
    case 'default':
      return base;
    case 'linear':
      return base.map((frequency) => frequency / rope.factor);
    case 'dynamic': {
      const over = Math.max(length, rope.maxPositions) / rope.maxPositions;
      const growth = (rope.factor * over - (rope.factor - 1)) ** (dim / (dim - 2));
      return powers(f(rope.theta * growth)).map((power) => 1 / power);
    }
    case 'llama3':
      return base.map((frequency) => {
        const turns = (rope.originalMaxPositions * frequency) / (2 * Math.PI);
        if (turns < rope.lowFrequencyFactor) return frequency / rope.factor;
        if (turns > rope.highFrequencyFactor) return frequency;
        const smooth =
          (turns - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor);
        return (1 - smooth) * (frequency / rope.factor) + smooth * frequency;
      });
    case 'yarn': {
      // The index of the frequency that turns so often within the original context.
      const index = (turns: number) =>
        (dim * Math.log(rope.originalMaxPositions / (turns * 2 * Math.PI))) /
        (2 * Math.log(rope.theta));
      const fast = index(rope.betaFast);
      const slow = index(rope.betaSlow);
      const low = Math.max(rope.truncate ? Math.floor(fast) : fast, 0);
      const end = Math.min(rope.truncate ? Math.ceil(slow) : slow, dim - 1);
      const high = end === low ? end + 0.001 : end;
      return base.map((frequency, i) => {
        const stretched = Math.min(Math.max((i - low) / (high - low), 0), 1);
        return (frequency / rope.factor) * stretched + frequency * (1 - stretched);
      });
    }
    case 'longrope': {
      const isLong = length > rope.originalMaxPositions;
      const factors = isLong ? rope.longFactors : rope.shortFactors;
      return powers(rope.theta).map((power, i) => 1 / f(f(factors[i]!) * power));
    }
  }
}

/** Cosines and sines of tokens at their positions. */
export class RotaryTables {
  readonly #rope: RopeConfig;
  #regime: number | undefined;
  #frequencies: Float32Array = new Float32Array();

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
    const factor = 'attentionFactor' in this.#rope ? this.#rope.attentionFactor : 1;
    const dims = [positions.length, half];
    const cos = new Float32Array(positions.length * half);
    const sin = new Float32Array(positions.length * half);
    for (const [i, position] of positions.entries()) {
      const frequencies = this.#frequenciesAt(lengths[i]!);
      for (let j = 0; j < half; j++) {
        const angle = f(position * frequencies[j]!);
        cos[i * half + j] = factor * Math.cos(angle);
        sin[i * half + j] = factor * Math.sin(angle);
      }
    }
    return { cos: { dims, data: cos }, sin: { dims, data: sin } };
  }

  /** [dim / 2], kept until a length asks for others. */
  #frequenciesAt(length: number): Float32Array {
    const regime = scalingRegime(this.#rope, length);
    if (regime !== this.#regime) {
      this.#regime = regime;
      this.#frequencies = inverseFrequencies(this.#rope, length);
    }
    return this.#frequencies;
  }
}

/** Whether the frequencies follow the sequence's length: then no two prompts can share a cache. */
export function dependsOnLength(rope: RopeConfig): boolean {
  return scalingRegime(rope, 1) !== scalingRegime(rope, Number.MAX_SAFE_INTEGER);
}

/**
 * Whether keys computed while a sequence had the length `from` must be computed anew when it has the
 * length `to`: where it grows out of the context that `longrope`'s short factors are for. Under
 * `dynamic` keys stay as they were, as in Hugging Face's generation.
 */
export function outdates(rope: RopeConfig, from: number, to: number): boolean {
  return rope.type === 'longrope' && scalingRegime(rope, from) !== scalingRegime(rope, to);
}

/** Sequences of lengths that give the same number here have the same frequencies. */
function scalingRegime(rope: RopeConfig, length: number): number {
  switch (rope.type) {
    case 'dynamic':
      return Math.max(length, rope.maxPositions);
    case 'longrope':
      return Number(length > rope.originalMaxPositions);
    default:
      return 0;
  }
}
