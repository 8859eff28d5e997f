import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

const PAYLOADS = ['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '</p><svg/onload=alert(1)>'];

export function testTextMakesNoTags() {
  for (const text of PAYLOADS) {
    const html = candidate.renderComment({ id: 1, author: 'x', text });
    assert.doesNotMatch(html, /<(script|img|svg)/i, text);
  }
}

export function testAuthorMakesNoTags() {
  for (const author of PAYLOADS) {
    const html = candidate.renderComment({ id: 1, author, text: 'x' });
    assert.doesNotMatch(html, /<(script|img|svg)/i, author);
  }
}
