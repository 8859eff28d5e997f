import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testSlugs() {
  for (const text of ['a', 'notes', 'notes-on-the-engine', 'a-b-c']) assert.equal(candidate.isSlug(text), true, text);
}

export function testHyphensInTheWrongPlace() {
  for (const text of ['-a', 'a-', 'a--b', '-', '']) assert.equal(candidate.isSlug(text), false, text);
}

export function testOtherCharacters() {
  for (const text of ['A', 'a b', 'a_b', 'ä', 'a1', 'a.']) assert.equal(candidate.isSlug(text), false, text);
}
