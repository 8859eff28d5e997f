import { expect, it } from 'vitest';
import { functionSamples } from './samples.js';
import type { TokenPair, TokenSequence } from './tokens.js';

/** `..ab.`: letters are tokens that changed, dots are not. */
const sequence = (marks: string): TokenSequence => ({
  ids: [...marks].map((_, i) => 10 + i),
  requestLength: 0,
  changed: [...marks].map((mark) => mark !== '.'),
});
const pair = (id: string, secure: string, vulnerable: string): TokenPair => ({
  id,
  cwe: 'CWE-089',
  group: id,
  language: 'python',
  secure: sequence(secure),
  vulnerable: sequence(vulnerable),
});
const marks = (changed: readonly boolean[]) => changed.map((own) => (own ? 'x' : '.')).join('');

it('makes a sample of each function that has a token to learn and one to keep', () => {
  const pairs = [
    pair('both', '..x.x..', '.x..'),
    pair('only added', '..xx.', '....'),
    pair('first', 'x...', '.xxx'),
    pair('long', '.x........', '..x'),
  ];
  const { samples, unused } = functionSamples(pairs, { maxTokens: 7 });
  expect(samples.map(({ id, side, changed }) => `${id} ${side} ${marks(changed)}`)).toEqual([
    'both secure ..x.x..',
    'both vulnerable .x..',
    'only added secure ..xx.',
    'long vulnerable ..x',
  ]);
  expect(unused).toEqual({
    tooLong: ['long'],
    unchanged: ['only added', 'first'],
    allChanged: ['first'],
  });
  expect(samples[0]).toMatchObject({
    cwe: 'CWE-089',
    language: 'python',
    ids: pairs[0]!.secure.ids,
  });
});

it('cuts off what follows the change, and measures what is left', () => {
  const { samples, unused } = functionSamples([pair('p', '..x.x...', '.x......')], {
    maxTokens: 5,
    trimmed: true,
  });
  expect(samples.map(({ ids, changed }) => `${ids.length} ${marks(changed)}`)).toEqual(['5 ..x.x']);
  // Of the other nothing is left that stays as it was, but for its first token.
  expect(unused).toEqual({ tooLong: [], unchanged: [], allChanged: ['p'] });
});
