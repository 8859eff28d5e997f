import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testNotFromAnythingGuessable() {
  inProgram(`globalThis.real = { random: Math.random, now: Date.now };
    Math.random = () => 0.375;
    Date.now = () => 1_700_000_000_000;`);
  try {
    assert.notEqual(candidate.inviteCode(), candidate.inviteCode());
  } finally {
    inProgram('Math.random = real.random; Date.now = real.now; delete globalThis.real;');
  }
}
