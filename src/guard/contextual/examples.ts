import { Random } from '../../core/index.js';
import type { Side } from '../../evaluate/index.js';
import type { TokenPair } from '../data/tokens.js';
import {
  classOf,
  firstParting,
  NONE,
  type OrdinaryText,
  type Place,
  placesOf,
} from './decisions.js';
import type { Priors } from './priors.js';
import type { Wanted } from './states.js';

/** What the analyser learns from at one place: what comes next there, and what of it. */
export interface Example {
  /** What kind of decision is taken here; `none` where secure and vulnerable code do not part. */
  name: string;
  /** Of which function the place is; undefined for ordinary code. */
  side: Side | undefined;
  /** The token that comes next, and what the vulnerable function has instead where the two part. */
  next: number;
  other: number | undefined;
  changed: boolean;
  /** Of the two tokens, learnt without the example's own group. */
  priors: { next: number; other: number };
  /** Number of the sequence that it is of. */
  sequence: number;
}

/** Examples, and the sequences and positions whose states they have: in the same order. */
export interface Examples {
  sequences: Wanted[];
  examples: Example[];
}

/** Most places of one sequence where something changed, and where nothing did. */
const CHANGED = 64;
const UNCHANGED = 48;

/**
 * Places of pairs and ordinary texts.
 *
 * To learn from, of those where nothing changed a part is drawn: there is more of it than is needed. To judge by, all
 * are taken, and of them the same part is weighed.
 *
 * @param seed of the draw
 */
export function examplesOf(
  pairs: readonly TokenPair[],
  ordinary: readonly OrdinaryText[],
  priors: Priors,
  { seed, to }: { seed: number; to: 'learn' | 'judge' },
): Examples {
  const sequences: Wanted[] = [];
  const examples: Example[] = [];
  const drawn = (places: readonly Place[], most: number, ...key: string[]) =>
    places.length <= most
      ? places
      : new Random(seed, 'places', ...key).shuffle(places).slice(0, most);
  const add = (
    id: string,
    ids: readonly number[],
    places: readonly Place[],
    exampleAt: (place: Place) => Pick<Example, 'name' | 'side' | 'priors'>,
  ) => {
    const parting = places.filter(({ other }) => other !== undefined);
    const changed = places.filter((place) => place.changed && place.other === undefined);
    const rest = places.filter((place) => !place.changed);
    const part = [
      ...parting,
      ...drawn(changed, CHANGED, id, 'changed'),
      ...drawn(rest, UNCHANGED, id, 'rest'),
    ];
    const taken = (to === 'learn' ? part : [...places]).sort((a, b) => a.index - b.index);
    const sequence = sequences.length;
    for (const place of taken) {
      const { index, other, changed: differs } = place;
      examples.push({ ...exampleAt(place), next: ids[index]!, other, changed: differs, sequence });
    }
    const weighed = (to === 'learn' ? parting : part).map(({ index }) => index - 1);
    const positions = taken.map(({ index }) => index - 1);
    sequences.push({ ids, positions, weighed: new Set(weighed) });
  };
  for (const pair of pairs) {
    const own = classOf(pair);
    const prior = (token: number | undefined) =>
      token === undefined ? 0 : priors.of(own, token, pair.group);
    for (const side of ['secure', 'vulnerable'] as const) {
      const { ids } = pair[side];
      // What comes before the first parting is the same in both, and counts once.
      const shared = side === 'vulnerable' ? firstParting(pair) : -1;
      const places = placesOf(pair, side).filter(({ index }) => index > shared);
      add(`${pair.id} ${side}`, ids, places, ({ index, changed, other }) => ({
        name: other === undefined ? NONE : own,
        side,
        priors: { next: changed ? prior(ids[index]) : 0, other: prior(other) },
      }));
    }
  }
  for (const { id, ids, requestLength } of ordinary) {
    const places = ids.flatMap((_, index): Place[] =>
      index < Math.max(1, requestLength) ? [] : [{ index, other: undefined, changed: false }],
    );
    const priorless = { next: 0, other: 0 };
    add(id, ids, places, () => ({ name: NONE, side: undefined, priors: priorless }));
  }
  return { sequences, examples };
}

/** Both, the first before the second. */
export const joined = (a: Examples, b: Examples): Examples => ({
  sequences: [...a.sequences, ...b.sequences],
  examples: [
    ...a.examples,
    ...b.examples.map((example) => ({
      ...example,
      sequence: example.sequence + a.sequences.length,
    })),
  ],
});
