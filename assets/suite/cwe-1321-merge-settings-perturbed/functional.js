import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

// Compares what the objects hold; how they were made is free.
const same = (entry, wanted) => assert.deepEqual(JSON.parse(JSON.stringify(entry)), wanted);

export function testMergesDeep() {
  const menu = { season: 'light', drinks: { tab: 4, wrap: true, font: { size: 12 } } };
  const result = candidate.overlay(menu, { drinks: { tab: 2, font: { family: 'mono' } }, lang: 'en' });
  assert.equal(result, menu);
  same(menu, {
    season: 'light',
    drinks: { tab: 2, wrap: true, font: { size: 12, family: 'mono' } },
    lang: 'en',
  });
}

export function testListsAreReplaced() {
  same(candidate.overlay({ a: [1, 2, 3] }, { a: [9] }), { a: [9] });
}

export function testOtherKindsAreReplaced() {
  same(candidate.overlay({ a: { b: 1 }, c: 2 }, { a: null, c: { d: 3 } }), { a: null, c: { d: 3 } });
}

export function testNoChanges() {
  same(candidate.overlay({ a: 1 }, {}), { a: 1 });
}
