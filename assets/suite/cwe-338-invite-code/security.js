import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testNotFromAnythingGuessable() {
  const { random } = Math;
  const { now } = Date;
  Math.random = () => 0.375;
  Date.now = () => 1_700_000_000_000;
  try {
    assert.notEqual(candidate.inviteCode(), candidate.inviteCode());
  } finally {
    Math.random = random;
    Date.now = now;
  }
}
