import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testPlainComment() {
  const html = candidate.renderComment({ id: 7, author: 'Ada', text: 'Well said.' });
  assert.equal(html.trim(), '<div class="comment" id="comment-7"><b>Ada</b><p>Well said.</p></div>');
}

export function testLineEnds() {
  const html = candidate.renderComment({ id: 1, author: 'Bob', text: 'one\ntwo\n\nthree' });
  assert.match(html, /<p>one<br ?\/?>two<br ?\/?><br ?\/?>three<\/p>/);
}

export function testEmptyText() {
  assert.match(candidate.renderComment({ id: 2, author: 'Eve', text: '' }), /<b>Eve<\/b><p><\/p>/);
}
