import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testOtherObjectsStayAsTheyAre() {
  for (const path of ['__proto__.polluted', 'constructor.prototype.polluted', 'a.__proto__.polluted']) {
    try {
      candidate.setPath({ a: {} }, path, true);
    } catch {}
    const polluted = inProgram('({}).polluted');
    inProgram('delete Object.prototype.polluted');
    assert.equal(polluted, undefined, path);
  }
}
