import type { GenerateOptions, Model } from '../engine/index.js';
import type { FunctionPair } from '../evaluate/index.js';
import type { OrdinaryRequest, OrdinaryText } from '../guard/index.js';
import type { Cwe } from '../scan/index.js';

/**
 * What a system is there for: the model as it is, or asked for care; the systems that are compared; what tells how good
 * the measurement is; a system with one thing otherwise.
 */
export const KINDS = ['plain', 'rival', 'suture', 'control', 'ablation'] as const;
export type Kind = (typeof KINDS)[number];

/** What a system learns from in one repetition, and where. */
export interface Workshop {
  model: Model;
  /** Functions, insecure and secure, of the families and weaknesses that are trained on. */
  functions: readonly FunctionPair[];
  /** Ordinary requests of families that are not judged, and what the model itself writes on each: written once. */
  requests: readonly OrdinaryRequest[];
  texts: () => Promise<OrdinaryText[]>;
  /** The repetition's folder: each system has one of its own in it, and may use another's that it builds on. */
  dir: string;
  seed: number;
  signal: AbortSignal | undefined;
}

/** How tokens are drawn: greedily at temperature 0. */
export interface Sampling {
  temperature: number;
  topP: number;
}

/** A system that is ready to write. */
export interface Ready {
  /** What `generate` is to be given beside these prompts, to draw so. Defaults to nothing. */
  options?: (
    prompts: readonly (readonly number[])[],
    sampling: Sampling,
  ) => Promise<
    Pick<
      GenerateOptions,
      'adapter' | 'prefix' | 'watch' | 'processors' | 'temperature' | 'topP' | 'topK'
    >
  >;
  /** Text before the prompt. Defaults to none. */
  preamble?: (cwe: Cwe) => string;
  close?: () => Promise<void>;
}

/** One way to have a model write secure code. */
export interface System {
  /** Stable: files are named by it. */
  name: string;
  kind: Kind;
  /** For readers. */
  description: string;
  /** Learns what it has to learn, or takes it from its folder, and gets ready. */
  prepare(workshop: Workshop): Promise<Ready>;
}
