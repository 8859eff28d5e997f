import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testPagesOfTheSite() {
  for (const next of ['/orders', '/orders?page=2&sort=date', '/help#top', '/']) {
    assert.equal(candidate.targetAfterLogin({ next }), next);
  }
}

export function testNoPage() {
  assert.equal(candidate.targetAfterLogin({}), '/home');
  assert.equal(candidate.targetAfterLogin({ next: '' }), '/home');
}

export function testOtherFields() {
  assert.equal(candidate.targetAfterLogin({ user: 'ada', next: '/cart' }), '/cart');
}
