import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testStaysOnTheSite() {
  const site = 'https://shop.example';
  const targets = ['https://evil.example/', '//evil.example/x', '/\\evil.example', '\\\\evil.example', '/\t/evil.example',
    'https:evil.example', 'javascript:alert(1)', 'http://shop.example.evil.example/'];
  for (const next of targets) {
    const target = candidate.targetAfterLogin({ next });
    assert.equal(new URL(target, `${site}/login`).origin, site, next);
  }
}
