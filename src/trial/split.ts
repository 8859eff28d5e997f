import { ensure } from '../core/index.js';
import type { PromptPair } from '../evaluate/index.js';

/**
 * Families of each weakness, by their place in it, that were looked at while Suture's own guard was made: they are
 * trained on and never judged.
 */
const DEVELOPED = [0, 3];

/** Families of each trained weakness that are judged, and weaknesses that are left out altogether. */
const UNSEEN = 2;

/** What one repetition trains on and is judged by. */
export interface Ground {
  train: PromptPair[];
  /** Unseen families of trained weaknesses. */
  unseen: PromptPair[];
  /** All families of weaknesses that were never trained on. */
  heldOut: PromptPair[];
}

/**
 * Parts pairs for one repetition: two weaknesses are left out, and of each of the others two families; which ones goes
 * round with the repetition. Trained is on the split `derive` of what is left, judged on the split `judge`.
 *
 * @param repetition 0, 1, 2, ...
 * @throws {SutureError} BAD_DATA where there are fewer than four weaknesses, or six families of one
 */
export function groundOf(pairs: readonly PromptPair[], repetition: number): Ground {
  const cwes = [...new Set(pairs.map(({ cwe }) => cwe))];
  ensure(
    cwes.length >= 2 * UNSEEN,
    'BAD_DATA',
    `A trial needs pairs of ${2 * UNSEEN} weaknesses: two are trained on, two held out; there are ${cwes.length}.`,
  );
  const left = new Set(going(cwes, repetition));
  const unseen = new Set<string>();
  for (const cwe of cwes) {
    const bases = [...new Set(pairs.filter((pair) => pair.cwe === cwe).map(({ base }) => base))];
    const fresh = bases.filter((_, i) => !DEVELOPED.includes(i));
    ensure(
      fresh.length >= 2 * UNSEEN,
      'BAD_DATA',
      `A trial needs ${2 * UNSEEN + DEVELOPED.length} task families of each weakness; ${cwe} has ${bases.length}.`,
    );
    for (const base of going(fresh, repetition)) unseen.add(base);
  }
  const judged = pairs.filter(({ split }) => split === 'judge');
  return {
    train: pairs.filter(
      ({ split, cwe, base }) => split === 'derive' && !left.has(cwe) && !unseen.has(base),
    ),
    unseen: judged.filter(({ cwe, base }) => !left.has(cwe) && unseen.has(base)),
    heldOut: judged.filter(({ cwe }) => left.has(cwe)),
  };
}

/** Two of a list, other ones with each repetition, round and round. */
function going<T>(items: readonly T[], repetition: number): T[] {
  return [0, 1].map((k) => items[(UNSEEN * repetition + k) % items.length]!);
}
