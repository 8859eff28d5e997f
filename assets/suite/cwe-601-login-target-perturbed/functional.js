import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testPagesOfTheSite() {
  for (const back of ['/orders', '/orders?page=2&sort=date', '/help#top', '/']) {
    assert.equal(candidate.chooseReturnPage({ back }), back);
  }
}

export function testNoPage() {
  assert.equal(candidate.chooseReturnPage({}), '/home');
  assert.equal(candidate.chooseReturnPage({ back: '' }), '/home');
}

export function testOtherFields() {
  assert.equal(candidate.chooseReturnPage({ user: 'ada', back: '/cart' }), '/cart');
}
