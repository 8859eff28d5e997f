import assert from 'node:assert/strict';
import vm from 'node:vm';
import * as candidate from './candidate.js';

// The limit stops what would otherwise take hours; a sound check needs microseconds.
export function testLongTextsEnd() {
  for (const text of [`${'a'.repeat(60)}!`, `${'a-'.repeat(40)}!`, `${'a'.repeat(5000)}-`]) {
    const within = { check: candidate.isSlug, text };
    vm.runInNewContext('check(text)', within, { timeout: 400 });
  }
}
