import type { Intent, PromptPair } from '../tasks.js';

/** Characters `start` up to, without, `end` of a text. */
export interface Span {
  start: number;
  end: number;
}

/** The two functions of a pair: before and after a fix. */
export type Side = 'vulnerable' | 'secure';

/** A function before and after a security fix. */
export interface FunctionPair {
  id: string;
  /** `CWE-089`; undefined where none is named. */
  cwe: string | undefined;
  /** Repository or base: what is learnt from one part of it is not judged on another. */
  group: string;
  /** `python`, `c`; undefined where it is not known. */
  language: string | undefined;
  vulnerable: string;
  secure: string;
  /** What a model for conversation is asked for before; the functions are then its answers. */
  request: string | undefined;
  /** What the file itself says was deleted from the one and added to the other. */
  changes: Record<Side, Record<'line' | 'char', readonly Span[]>> | undefined;
}

/**
 * A prompt pair as a pair of functions: its two bodies, as answers to one of its prompts.
 *
 * @param intent which of the prompts. Defaults to the one that names neither way
 */
export function functionPairOf(pair: PromptPair, intent: Intent = 'neutral'): FunctionPair {
  const { id, cwe, base, language, bodies, prompts } = pair;
  return {
    id,
    cwe,
    group: base,
    language,
    vulnerable: bodies.insecure,
    secure: bodies.secure,
    request: prompts[intent],
    changes: undefined,
  };
}
