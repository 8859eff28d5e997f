import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TokenPair } from '../data/tokens.js';
import { blocksOf, classesOf, firstParting, placesOf } from './decisions.js';

const sequence = (ids: number[], requestLength = 0) => ({
  ids,
  requestLength,
  changed: ids.map(() => false),
});
const pair = (vulnerable: number[], secure: number[], requestLength = 0): TokenPair => ({
  id: 'p',
  cwe: 'CWE-787',
  group: 'g',
  language: 'c',
  vulnerable: sequence(vulnerable, requestLength),
  secure: sequence(secure, requestLength),
});

describe('placesOf', () => {
  // A request of two tokens; 30 becomes 40 41, and 50 is put in before 8.
  const one = pair([1, 2, 7, 30, 7, 8, 9], [1, 2, 7, 40, 41, 7, 50, 8, 9], 2);

  it('says of a secure function where the two part, and what the vulnerable one has there', () => {
    expect(placesOf(one, 'secure')).toEqual([
      { index: 2, changed: false, other: undefined },
      { index: 3, changed: true, other: 30 },
      { index: 4, changed: true, other: undefined },
      { index: 5, changed: false, other: undefined },
      { index: 6, changed: true, other: 8 },
      { index: 7, changed: false, other: undefined },
      { index: 8, changed: false, other: undefined },
    ]);
  });

  it('counts the token after what was only taken out as changed', () => {
    const places = placesOf(one, 'vulnerable');
    expect(places.filter(({ changed }) => changed).map(({ index }) => index)).toEqual([3, 5]);
    expect(places.every(({ other }) => other === undefined)).toBe(true);
    expect(firstParting(one)).toBe(3);
  });

  it('asks for nothing that has nothing before it', () => {
    const places = placesOf(pair([5, 6], [7, 6]), 'secure');
    expect(places).toEqual([{ index: 1, changed: false, other: undefined }]);
  });

  it('has in its blocks all that differs, and nothing else', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(ids, ids, (vulnerable, secure) => {
        const own = pair(vulnerable, secure);
        const without = (side: 'vulnerable' | 'secure') => {
          const cut = blocksOf(own).map((block) => block[side]);
          return own[side].ids.filter(
            (_, i) => !cut.some(({ start, end }) => i >= start && i < end),
          );
        };
        expect(without('vulnerable')).toEqual(without('secure'));
        for (const { index, other } of placesOf(own, 'secure')) {
          if (other !== undefined) expect(other).not.toBe(secure[index]);
        }
      }),
      { seed: 1 },
    );
  });
});

it('names classes by weakness and language, after none', () => {
  const python = { ...pair([1], [2]), cwe: undefined, language: 'python' };
  expect(classesOf([pair([1], [2]), python, pair([3], [4])])).toEqual([
    'none',
    'CWE-787 c',
    'other python',
  ]);
  expect(() => classesOf([])).toThrow('no pair');
});
