import { z } from 'zod';
import { SutureError } from '../core/index.js';
import type { Tensor } from '../tensor/index.js';

/** Rotary position embedding: the base, and how frequencies are stretched for longer contexts. */
export type RopeConfig = { theta: number } & (
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
 */
export function parseRope(json: unknown, from: string): RopeConfig {
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
 * Inverse frequencies [head_dim / 2], rounded to float32 at the steps where Hugging Face's code
 * does, since the error of a frequency grows with the position it is multiplied by.
 */
export function inverseFrequencies(rope: RopeConfig, headDim: number): Float32Array {
  const base = Float32Array.from({ length: headDim / 2 }, (_, i) =>
    f(1 / f(rope.theta ** f((2 * i) / headDim))),
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

/** Tables of cosines and sines for positions 0 .. positions-1: each [positions, head_dim / 2]. */
export function rotaryTables(
  rope: RopeConfig,
  headDim: number,
  positions: number,
): { cos: Tensor; sin: Tensor } {
  const frequencies = inverseFrequencies(rope, headDim);
  const half = frequencies.length;
  const dims = [positions, half];
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let i = 0; i < cos.length; i++) {
    const angle = f(Math.floor(i / half) * frequencies[i % half]!);
    cos[i] = Math.cos(angle);
    sin[i] = Math.sin(angle);
  }
  return { cos: { dims, data: cos }, sin: { dims, data: sin } };
}
