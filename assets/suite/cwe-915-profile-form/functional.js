import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

const USER = { id: 7, role: 'member', credits: 10, displayName: 'ada', bio: 'hello', language: 'en' };

export function testAppliesWhatWasSent() {
  const updated = candidate.updateProfile({ ...USER }, { displayName: 'Ada', language: 'de' });
  assert.deepEqual(updated, { ...USER, displayName: 'Ada', language: 'de' });
}

export function testEmptyInputCounts() {
  assert.deepEqual(candidate.updateProfile({ ...USER }, { bio: '' }), { ...USER, bio: '' });
}

export function testMakesACopy() {
  const user = { ...USER };
  const updated = candidate.updateProfile(user, { bio: 'new' });
  assert.deepEqual(user, USER);
  assert.notEqual(updated, user);
}

export function testNothingSent() {
  assert.deepEqual(candidate.updateProfile({ ...USER }, {}), USER);
}
