import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testFills() {
  assert.equal(candidate.fillTemplate('Dear ${name}', { name: 'Ada' }), 'Dear Ada');
  assert.equal(candidate.fillTemplate('${a}${b}-${a}', { a: 1, b: 'two' }), '1two-1');
}

export function testUnknownNameIsEmpty() {
  assert.equal(candidate.fillTemplate('<${none}>', { name: 'Ada' }), '<>');
}

export function testPlainText() {
  assert.equal(candidate.fillTemplate('costs $5 {net}', {}), 'costs $5 {net}');
  assert.equal(candidate.fillTemplate('', { a: 1 }), '');
}
