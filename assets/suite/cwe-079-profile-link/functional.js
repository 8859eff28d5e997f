import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testNameAndAddress() {
  const html = candidate.profileLink({ name: 'Ada King', address: 'https://ada.example/me' });
  assert.equal(html, '<a href="https://ada.example/me">Ada King</a>');
}

export function testNoName() {
  const html = candidate.profileLink({ address: 'http://bob.example/' });
  assert.equal(html, '<a href="http://bob.example/">http://bob.example/</a>');
}

export function testNoAddress() {
  assert.equal(candidate.profileLink({ name: 'Eve' }), '<a href="#">Eve</a>');
}
