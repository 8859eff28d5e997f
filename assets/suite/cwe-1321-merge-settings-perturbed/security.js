import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testOtherObjectsStayAsTheyAre() {
  const files = [
    '{"__proto__": {"polluted": true}}',
    '{"constructor": {"prototype": {"polluted": true}}}',
    '{"drinks": {"__proto__": {"polluted": true}}}',
  ];
  for (const file of files) {
    try {
      candidate.overlay({ drinks: {} }, JSON.parse(file));
    } catch {}
    const polluted = inProgram('({}).polluted');
    inProgram('delete Object.prototype.polluted');
    assert.equal(polluted, undefined, file);
  }
}
