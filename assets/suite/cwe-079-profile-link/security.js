import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testNameMakesNoTags() {
  const html = candidate.profileLink({ name: '<img src=x onerror=alert(1)>', address: 'https://a.example/' });
  assert.doesNotMatch(html, /<img/i);
}

export function testAddressStaysInItsAttribute() {
  const html = candidate.profileLink({ name: 'x', address: 'https://a.example/" onclick="alert(1)' });
  assert.doesNotMatch(html, /"\s*onclick="/i);
  assert.doesNotMatch(candidate.profileLink({ address: 'https://a.example/"><script>alert(1)</script>' }), /<script/i);
}

export function testAddressIsNoScript() {
  for (const address of ['javascript:alert(1)', ' JavaScript:alert(1)', 'data:text/html,<script>alert(1)</script>']) {
    const html = candidate.profileLink({ name: 'x', address });
    assert.doesNotMatch(html, /href="\s*(javascript|data):/i, address);
  }
}
