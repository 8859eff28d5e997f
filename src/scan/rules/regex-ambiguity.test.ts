import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isCatastrophic } from './regex-ambiguity.js';

it.each([
  '(a+)+$',
  '^(a*)*b',
  '(a|a)+$',
  '^(\\w|\\d)+$',
  '(\\w+\\s?)+$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(x+x+)+y',
  '(?:a+){10,}b',
  '([a-zA-Z0-9]+)*@',
  '(?<name>\\s*\\s)*;',
])('finds %s ambiguous', (pattern) => expect(isCatastrophic(pattern)).toBe(true));

it.each([
  '^[a-z]+$',
  '^(a|b)+$',
  '^\\d{3}-\\d{4}$',
  '^(?:[a-z]+\\.)+[a-z]{2,}$',
  '^(\\w+,)*\\w+$',
  'a+b+c+',
  '^[^@]+@[^@]+$',
  '^(?:\\d{1,3}\\.){3}\\d{1,3}$',
  '[+*]+',
  '\\(a+\\)+',
  '^(ab|cd)*$',
  '(a+)+',
  'b(a|a)*c?',
  "'(?:[^'\\\\]|\\\\.)*'",
])('finds %s plain', (pattern) => expect(isCatastrophic(pattern)).toBe(false));

it('asks whether all of a text has to match', () => {
  expect(isCatastrophic('(a+)+', true)).toBe(true);
});

it('reads any text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'(|)[]^-+*?{},\\ad.1:=<>'), maxLength: 60 }),
      (pattern) => {
        expect([true, false]).toContain(isCatastrophic(pattern));
      },
    ),
  );
});
