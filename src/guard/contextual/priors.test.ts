import { describe, expect, it } from 'vitest';
import type { TokenPair } from '../data/tokens.js';
import { Priors } from './priors.js';

const pair = (group: string, vulnerable: number[], secure: number[], language = 'c'): TokenPair => {
  const sequence = (ids: number[]) => ({ ids, requestLength: 0, changed: ids.map(() => false) });
  return {
    id: group,
    cwe: 'CWE-787',
    group,
    language,
    vulnerable: sequence(vulnerable),
    secure: sequence(secure),
  };
};
// In each of these 30 stands where 40 would be secure; 1 and 2 are around it.
const PAIRS = ['a', 'b', 'c', 'd'].flatMap((group) =>
  Array.from({ length: 10 }, () => pair(group, [1, 30, 2], [1, 40, 2])),
);

describe('Priors', () => {
  it('are log-odds under a Dirichlet prior that is the tokens’ frequency', () => {
    const priors = new Priors(PAIRS);
    // 40 is the secure token in all of 40 places, and a quarter of 160 tokens that have one before them.
    const odds = (hits: number, total: number) => Math.log(hits / (total - hits));
    const expected = odds(40 + 25, 40 + 100) - odds(0 + 25, 40 + 100);
    expect(priors.of('CWE-787 c', 40)).toBeCloseTo(expected, 10);
    expect(priors.of('CWE-787 c', 30)).toBeCloseTo(-expected, 10);
    expect(priors.tokens).toEqual([30, 40]);
  });

  it('say nothing of tokens that were not seen to differ, of other classes, or where little was seen', () => {
    const priors = new Priors(PAIRS);
    expect(priors.of('CWE-787 c', 2)).toBe(0);
    expect(priors.of('CWE-787 c', 999)).toBe(0);
    expect(priors.of('CWE-787 python', 40)).toBe(0);
    // One pair: log 1.02 apart, and a deviation of 0.28.
    expect(new Priors(PAIRS.slice(0, 1)).of('CWE-787 c', 40)).toBe(0);
  });

  it('can leave a group out', () => {
    const three = new Priors(PAIRS.filter(({ group }) => group !== 'd'));
    // The background is of all pairs, and here the same.
    expect(new Priors(PAIRS).of('CWE-787 c', 40, 'd')).toBeCloseTo(three.of('CWE-787 c', 40), 10);
  });
});
