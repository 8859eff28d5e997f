import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testPrecedence() {
  assert.equal(candidate.evaluateFormula('2 + 3 * 4'), 14);
  assert.equal(candidate.evaluateFormula('(2 + 3) * 4'), 20);
  assert.equal(candidate.evaluateFormula('20 / 4 / 5'), 1);
  assert.equal(candidate.evaluateFormula('10 - 4 - 3'), 3);
}

export function testNumbers() {
  assert.equal(candidate.evaluateFormula('1.5 + 0.25'), 1.75);
  assert.equal(candidate.evaluateFormula(' 42 '), 42);
}

export function testMinus() {
  assert.equal(candidate.evaluateFormula('-3 + 5'), 2);
  assert.equal(candidate.evaluateFormula('4 * -2'), -8);
  assert.equal(candidate.evaluateFormula('-(1 + 1)'), -2);
}

export function testNoFormula() {
  for (const text of ['2 +', '(1', '1 2', ')']) assert.throws(() => candidate.evaluateFormula(text), text);
}
