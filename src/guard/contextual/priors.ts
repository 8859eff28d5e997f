import type { Side } from '../../evaluate/index.js';
import type { TokenPair } from '../data/tokens.js';
import { classOf, placesOf } from './decisions.js';

/** How many tokens the background is worth against what was counted. */
const BACKGROUND = 100;

/** Log-odds nearer to 0 than so many of their standard deviations are 0. */
const SIGNIFICANT = 1.96;

interface Counts {
  tokens: Map<number, number>;
  total: number;
}

const none = (): Counts => ({ tokens: new Map(), total: 0 });

function count(counts: Counts, token: number): void {
  counts.tokens.set(token, (counts.tokens.get(token) ?? 0) + 1);
  counts.total++;
}

/**
 * How much rather a token is what secure code has where it differs from its vulnerable twin, for each class of pairs:
 * log-odds ratios under a Dirichlet prior that is the tokens' frequency in all of the functions (Monroe, Colaresi and
 * Quinn 2008, section 3.4.1), where they differ from 0 by 1.96 standard deviations.
 *
 * @example
 * const priors = new Priors(pairs);
 * priors.of('CWE-089 python', token); // 2.3: rather secure
 */
export class Priors {
  /** By class, then group, then side. */
  readonly #counts = new Map<string, Map<string, Record<Side, Counts>>>();
  readonly #background = none();

  constructor(pairs: readonly TokenPair[]) {
    for (const pair of pairs) {
      const groups = this.#counts.get(classOf(pair)) ?? new Map<string, Record<Side, Counts>>();
      this.#counts.set(classOf(pair), groups);
      const own = groups.get(pair.group) ?? { vulnerable: none(), secure: none() };
      groups.set(pair.group, own);
      for (const side of ['vulnerable', 'secure'] as const) {
        for (const { index, changed } of placesOf(pair, side)) {
          const token = pair[side].ids[index]!;
          count(this.#background, token);
          if (changed) count(own[side], token);
        }
      }
    }
  }

  /**
   * Log-odds of a token in a class; 0 where nothing can be told.
   * @param without a group whose pairs do not count: what is learnt from them is not to know them already
   */
  of(name: string, token: number, without?: string): number {
    const groups = this.#counts.get(name);
    const weight = (this.#background.tokens.get(token) ?? 0) / this.#background.total;
    if (!groups || weight === 0) return 0;
    const seen = (side: Side) => {
      let [hits, total] = [BACKGROUND * weight, BACKGROUND];
      for (const [group, own] of groups) {
        if (group === without) continue;
        hits += own[side].tokens.get(token) ?? 0;
        total += own[side].total;
      }
      return { hits, odds: Math.log(hits / (total - hits)) };
    };
    const [secure, vulnerable] = [seen('secure'), seen('vulnerable')];
    const logOdds = secure.odds - vulnerable.odds;
    const deviation = Math.sqrt(1 / secure.hits + 1 / vulnerable.hits);
    return Math.abs(logOdds) >= SIGNIFICANT * deviation ? logOdds : 0;
  }

  /** Tokens that were counted where functions differ, in order. */
  get tokens(): number[] {
    const all = [...this.#counts.values()].flatMap((groups) =>
      [...groups.values()].flatMap(({ vulnerable, secure }) => [
        ...vulnerable.tokens.keys(),
        ...secure.tokens.keys(),
      ]),
    );
    return [...new Set(all)].sort((a, b) => a - b);
  }
}
