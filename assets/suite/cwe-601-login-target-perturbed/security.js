import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testStaysOnTheSite() {
  const paper = 'https://daily.example';
  const pages = ['https://evil.example/', '//evil.example/x', '/\\evil.example', '\\\\evil.example', '/\t/evil.example',
    'https:evil.example', 'javascript:alert(1)', 'http://daily.example.evil.example/'];
  for (const back of pages) {
    const page = candidate.chooseReturnPage({ back });
    assert.equal(new URL(page, `${paper}/login`).origin, paper, back);
  }
}
