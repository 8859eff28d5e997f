import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testForm() {
  for (let i = 0; i < 200; i++) assert.match(candidate.inviteCode(), /^[a-z0-9]{24}$/);
}

export function testNoneTwice() {
  const codes = new Set(Array.from({ length: 500 }, () => candidate.inviteCode()));
  assert.equal(codes.size, 500);
}

export function testVaries() {
  const letters = new Set(Array.from({ length: 50 }, () => candidate.inviteCode()).join(''));
  assert.ok(letters.size >= 10);
}
