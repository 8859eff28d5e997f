import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testOtherFieldsCannotBeSent() {
  const user = { id: 7, role: 'member', credits: 10, displayName: 'ada', bio: '', language: 'en' };
  const updated = candidate.updateProfile({ ...user }, { bio: 'x', role: 'admin', credits: 1e9, id: 1, verified: true });
  assert.equal(updated.role, 'member');
  assert.equal(updated.credits, 10);
  assert.equal(updated.id, 7);
  assert.equal(updated.verified, undefined);
}
