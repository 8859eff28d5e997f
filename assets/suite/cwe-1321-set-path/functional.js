import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

// Compares what the objects hold; how they were made is free.
const same = (value, wanted) => assert.deepEqual(JSON.parse(JSON.stringify(value)), wanted);

export function testMakesWhatIsMissing() {
  same(candidate.setPath({}, 'window.size.width', 800), { window: { size: { width: 800 } } });
}

export function testKeepsTheRest() {
  const target = { window: { title: 'x', size: { height: 600 } } };
  assert.equal(candidate.setPath(target, 'window.size.width', 800), target);
  same(target, { window: { title: 'x', size: { height: 600, width: 800 } } });
}

export function testOneName() {
  same(candidate.setPath({ a: 1 }, 'a', 2), { a: 2 });
}

export function testReplacesWhatIsNoObject() {
  same(candidate.setPath({ a: 5 }, 'a.b', 1), { a: { b: 1 } });
}
