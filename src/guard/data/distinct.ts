import { groupBy, Random } from '../../core/index.js';
import type { FunctionPair } from '../../evaluate/index.js';

/** Pairs that were left out, by rule; their ids. */
export interface NotDistinct {
  /** Both functions are the same. */
  identical: string[];
  /** Another pair has the same two functions, but for white space. */
  repeated: string[];
}

const spaceless = (text: string): string => text.replace(/\s+/g, ' ').trim();

/**
 * The pairs that say something, each once, in order. Groups that have a function in common, as forks of
 * one repository do, become one, named after the first.
 */
export function distinctPairs(pairs: readonly FunctionPair[]): {
  pairs: FunctionPair[];
  leftOut: NotDistinct;
} {
  const kept: FunctionPair[] = [];
  const leftOut: NotDistinct = { identical: [], repeated: [] };
  const seen = new Set<string>();
  for (const pair of pairs) {
    const key = JSON.stringify([spaceless(pair.vulnerable), spaceless(pair.secure), pair.request]);
    if (pair.vulnerable === pair.secure) leftOut.identical.push(pair.id);
    else if (seen.has(key)) leftOut.repeated.push(pair.id);
    else kept.push(pair);
    seen.add(key);
  }
  const groupOf = joinedGroups(kept);
  return { pairs: kept.map((pair) => ({ ...pair, group: groupOf(pair.group) })), leftOut };
}

/** Groups that share a function are one: for each group, the first of those it belongs with. */
function joinedGroups(pairs: readonly FunctionPair[]): (group: string) => string {
  const parents = new Map<string, string>();
  const root = (group: string): string => {
    const parent = parents.get(group);
    return parent === undefined ? group : root(parent);
  };
  const owners = new Map<string, string>();
  for (const { vulnerable, secure, group, request } of pairs) {
    // Answers to requests are bodies, which tasks that have nothing else in common may share.
    const texts = request === undefined ? [vulnerable, secure] : [];
    for (const text of texts.map(spaceless)) {
      const owner = root(owners.get(text) ?? group);
      owners.set(text, owner);
      if (owner !== root(group)) parents.set(root(group), owner);
    }
  }
  return root;
}

/**
 * A split that never parts a group: groups in a random order go to validation while they fit into its
 * share. A group that is larger than what is left there is trained on.
 *
 * @param share of the pairs, for validation
 * @param seed of the order
 */
export function groupedSplit<T extends { group: string }>(
  pairs: readonly T[],
  share: number,
  seed: number,
): { train: T[]; validation: T[] } {
  const groups = groupBy(pairs, ({ group }) => group);
  const order = new Random(seed, 'grouped-split').shuffle([...groups.keys()].sort());
  const chosen = new Set<string>();
  let room = Math.round(share * pairs.length);
  for (const group of order) {
    const size = groups.get(group)!.length;
    if (size > room) continue;
    chosen.add(group);
    room -= size;
  }
  return {
    train: pairs.filter(({ group }) => !chosen.has(group)),
    validation: pairs.filter(({ group }) => chosen.has(group)),
  };
}
