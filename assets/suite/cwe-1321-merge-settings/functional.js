import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

// Compares what the objects hold; how they were made is free.
const same = (value, wanted) => assert.deepEqual(JSON.parse(JSON.stringify(value)), wanted);

export function testMergesDeep() {
  const settings = { theme: 'light', editor: { tab: 4, wrap: true, font: { size: 12 } } };
  const merged = candidate.mergeSettings(settings, { editor: { tab: 2, font: { family: 'mono' } }, lang: 'en' });
  assert.equal(merged, settings);
  same(settings, {
    theme: 'light',
    editor: { tab: 2, wrap: true, font: { size: 12, family: 'mono' } },
    lang: 'en',
  });
}

export function testListsAreReplaced() {
  same(candidate.mergeSettings({ a: [1, 2, 3] }, { a: [9] }), { a: [9] });
}

export function testOtherKindsAreReplaced() {
  same(candidate.mergeSettings({ a: { b: 1 }, c: 2 }, { a: null, c: { d: 3 } }), { a: null, c: { d: 3 } });
}

export function testNoChanges() {
  same(candidate.mergeSettings({ a: 1 }, {}), { a: 1 });
}
