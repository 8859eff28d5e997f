import { ensure } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import { changedTokens } from '../../text/index.js';

/**
 * Where activations are read. `last_prompt`: the last token of the prompt (Surgical Repair, section 4), or of
 * a function. `decision`: the token before the first one in which the secure and the insecure body differ,
 * both prompts followed by what the bodies share. `changed`: mean over the tokens in which the twins differ.
 * `mean`: mean over all tokens but the first, at which many models keep a vector of huge norm that would
 * make the mean tell the length.
 */
export const PROBE_POSITIONS = ['last_prompt', 'decision', 'changed', 'mean'] as const;
export type ProbePosition = (typeof PROBE_POSITIONS)[number];

/** Two texts that differ in what is to be decoded. */
export interface ProbePair {
  id: string;
  /** Base (of prompts) or repository (of functions): what a probe is judged on it has not seen. */
  group: string;
  /** Prompts are put through the chat template where the model has one; functions are not. */
  kind: 'prompt' | 'function';
  vulnerable: string;
  secure: string;
  /**
   * Where pairs of both kinds are given, probes are fitted to `derive` ones alone and judged on `judge` ones, so
   * that the wording is as new to them as the group.
   */
  split?: 'derive' | 'judge' | undefined;
  /** Continuations of the two prompts: where they part is the decision. */
  bodies?: { vulnerable: string; secure: string } | undefined;
}

/** One row: a text as tokens, and where it is read. */
export interface Example {
  pair: number;
  group: string;
  split?: ProbePair['split'];
  vulnerable: boolean;
  /** The prompt, and the opening that both bodies share. */
  ids: number[];
  promptLength: number;
  /** Positions within the prompt. */
  changed: number[];
}

/** What could not be probed, by rule; ids of pairs. */
export interface LeftOut {
  /** Both texts are the same tokens. */
  identical: string[];
  /** One of the two has more tokens than the limit. */
  tooLong: string[];
}

/**
 * Pairs as tokens, two rows for each.
 *
 * @param maxTokens longer texts are left out, with their twins
 * @throws {SutureError} BAD_ARGUMENT where the model has no tokenizer; BAD_DATA for bodies that do not differ
 */
export function examplesOf(
  model: Model,
  pairs: readonly ProbePair[],
  maxTokens: number,
): { examples: Example[]; leftOut: LeftOut } {
  const examples: Example[] = [];
  const leftOut: LeftOut = { identical: [], tooLong: [] };
  for (const { id, group, kind, split, bodies, ...texts } of pairs) {
    const vulnerable = encode(model, kind, texts.vulnerable);
    const secure = encode(model, kind, texts.secure);
    const opening = bodies ? sharedOpening(model, bodies, id) : [];
    if (vulnerable.length === secure.length && vulnerable.every((t, i) => t === secure[i])) {
      leftOut.identical.push(id);
      continue;
    }
    if (Math.max(vulnerable.length, secure.length) + opening.length > maxTokens) {
      leftOut.tooLong.push(id);
      continue;
    }
    const changed = changedTokens(vulnerable, secure);
    const row = (ids: number[], own: number[], isVulnerable: boolean): Example => ({
      pair: examples.length >> 1,
      group,
      split,
      vulnerable: isVulnerable,
      ids: [...ids, ...opening],
      promptLength: ids.length,
      changed: own,
    });
    const twins = [row(vulnerable, changed.a, true), row(secure, changed.b, false)];
    examples.push(...twins);
  }
  return { examples, leftOut };
}

/** The tokens whose states are read. */
export function readPositions(example: Example, position: ProbePosition): number[] {
  const { ids, promptLength, changed } = example;
  switch (position) {
    case 'last_prompt':
      return [promptLength - 1];
    case 'decision':
      return [ids.length - 1];
    case 'changed':
      return changed;
    case 'mean':
      return promptLength === 1 ? [0] : Array.from({ length: promptLength - 1 }, (_, i) => i + 1);
  }
}

/** The tokens that lexical controls know: those that are read, or, of one token, all up to it. */
export function lexicalTokens(example: Example, position: ProbePosition): number[] {
  const { ids, promptLength, changed } = example;
  if (position === 'changed') return changed.map((at) => ids[at]!);
  return position === 'decision' ? ids : ids.slice(0, promptLength);
}

function encode(model: Model, kind: ProbePair['kind'], text: string): number[] {
  const chat = kind === 'prompt' && model.tokenizer?.chatTemplate !== undefined;
  const messages = [{ role: 'user' as const, content: text }];
  const ids = model.encode(chat ? { messages } : { text })[0]!;
  ensure(ids.length > 0, 'BAD_DATA', 'A text of a pair is empty: it has no token to be read at.');
  return ids;
}

/** The tokens with which both bodies begin. */
function sharedOpening(
  model: Model,
  bodies: NonNullable<ProbePair['bodies']>,
  id: string,
): number[] {
  const ids = (text: string) => model.tokenizer!.encode(text, { addSpecialTokens: false });
  const vulnerable = ids(bodies.vulnerable);
  const secure = ids(bodies.secure);
  const longer = secure.length > vulnerable.length ? secure : vulnerable;
  const part = longer.findIndex((_, i) => secure[i] !== vulnerable[i]);
  ensure(part >= 0, 'BAD_DATA', `${id}: the secure and the insecure body do not differ.`);
  return secure.slice(0, part);
}
