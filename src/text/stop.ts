import { ensure } from '../core/index.js';

/**
 * Ends streamed text before the first stop string, however the text is cut into pieces.
 *
 * The first stop is the one that is complete first; of several that end together, the longest.
 *
 * @example
 * const matcher = new StopMatcher(['\n\n', '</code>']);
 * const { emit, stopped } = matcher.push(piece);
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  /** Text that may be the beginning of a stop string. */
  #held = '';
  #stopped = false;

  /**
   * @param stops strings that end the text; none at all lets everything pass
   * @throws SutureError BAD_ARGUMENT when one is empty
   */
  constructor(stops: readonly string[]) {
    ensure(!stops.includes(''), 'BAD_ARGUMENT', 'A stop string is empty. Leave it out.');
    this.#stops = stops;
  }

  /**
   * @returns `emit`: text that certainly stands before any stop string; `stopped`: whether one has
   * been met, after which all further text is dropped
   */
  push(text: string): { emit: string; stopped: boolean } {
    if (this.#stopped) return { emit: '', stopped: true };
    const pending = this.#held + text;
    const stop = firstStop(pending, this.#stops);
    if (stop !== undefined) {
      this.#held = '';
      this.#stopped = true;
      return { emit: pending.slice(0, stop), stopped: true };
    }
    const safe = pending.length - heldLength(pending, this.#stops);
    this.#held = pending.slice(safe);
    return { emit: pending.slice(0, safe), stopped: false };
  }

  /** Call at the end of the text. @returns what was held back and has turned out to be no stop */
  flush(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** Where in `text` the first stop string begins. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  return stops
    .map((stop) => ({ begin: text.indexOf(stop), length: stop.length }))
    .filter(({ begin }) => begin >= 0)
    .sort((a, b) => a.begin + a.length - (b.begin + b.length) || a.begin - b.begin)[0]?.begin;
}

/** Length of the longest end of `text` that begins a stop string. */
function heldLength(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops)
    for (let length = stop.length - 1; length > longest; length--)
      if (text.endsWith(stop.slice(0, length))) longest = length;
  return longest;
}
