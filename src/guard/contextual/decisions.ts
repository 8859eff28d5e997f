import { ensure } from '../../core/index.js';
import type { Side, Span } from '../../evaluate/index.js';
import { commonTokens } from '../../text/index.js';
import type { TokenPair } from '../data/tokens.js';

/** Where two functions differ, as tokens of each: one of the two may be empty. */
export type Block = Record<Side, Span>;

/** Runs of tokens that are not in a longest common subsequence of the pair's two functions. */
export function blocksOf({ vulnerable, secure }: Record<Side, { ids: number[] }>): Block[] {
  const [a, b] = [vulnerable.ids, secure.ids];
  const blocks: Block[] = [];
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [...commonTokens(a, b), [a.length, b.length] as const]) {
    if (nextI > i || nextJ > j) {
      blocks.push({ vulnerable: { start: i, end: nextI }, secure: { start: j, end: nextJ } });
    }
    [i, j] = [nextI + 1, nextJ + 1];
  }
  return blocks;
}

/** A token of a function that is to be predicted from what stands before it. */
export interface Place {
  /** Of the token among the function's. */
  index: number;
  /** Whether it is of what differs, or where the two part. */
  changed: boolean;
  /**
   * Of a secure function where the two part: what the vulnerable one has in the token's place. What is
   * written until there is secure, so that both are possible; after vulnerable code the secure token would mend nothing.
   */
  other: number | undefined;
}

/**
 * Every token of a function that has something before it, without those of the request. Where something
 * was only taken out or put in, the token after it counts as changed too: it is there that the two part.
 */
export function placesOf(pair: TokenPair, side: Side): Place[] {
  const { ids, requestLength } = pair[side];
  const changed = new Set<number>();
  const others = new Map<number, number>();
  for (const block of blocksOf(pair)) {
    const { start, end } = block[side];
    for (let index = start; index < Math.max(end, start + 1); index++) changed.add(index);
    if (side === 'vulnerable') continue;
    const other = pair.vulnerable.ids[block.vulnerable.start];
    if (other !== undefined && other !== ids[start]) others.set(start, other);
  }
  return ids.flatMap((_, index) =>
    index < Math.max(1, requestLength)
      ? []
      : [{ index, changed: changed.has(index), other: others.get(index) }],
  );
}

/** Where the two functions of a pair first differ: until there their tokens are the same. */
export const firstParting = (pair: TokenPair): number =>
  pair.secure.ids.findIndex((id, index) => id !== pair.vulnerable.ids[index]);

/** Code that has nothing to do with security: what a guard must leave as it is. */
export interface OrdinaryText {
  id: string;
  /** What is not parted between training and judging. */
  group: string;
  /** The request, where there is one, then the text. */
  ids: readonly number[];
  requestLength: number;
}

/** What a pair is an example of: its weakness and language. */
export const classOf = ({ cwe, language }: Pick<TokenPair, 'cwe' | 'language'>): string =>
  [cwe ?? 'other', ...(language === undefined ? [] : [language])].join(' ');

/** Where no decision about security is taken. */
export const NONE = 'none';

/**
 * Classes of pairs, in order, after `none`.
 * @throws {SutureError} BAD_DATA where there is no pair
 */
export function classesOf(pairs: readonly TokenPair[]): string[] {
  ensure(pairs.length > 0, 'BAD_DATA', 'There is no pair to learn from.');
  return [NONE, ...[...new Set(pairs.map(classOf))].sort()];
}
