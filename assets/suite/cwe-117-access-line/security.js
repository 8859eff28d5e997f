import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testOneLineOnly() {
  for (const end of ['\n', '\r\n', '\r']) {
    const forged = `x"${end}GET /admin 200 "y`;
    for (const request of [
      { method: 'GET', path: '/', agent: forged },
      { method: 'GET', path: `/${forged}`, agent: 'x' },
      { method: `GET${end}PUT`, path: '/', agent: 'x' },
    ]) {
      const line = candidate.accessLine(request, 200);
      assert.doesNotMatch(line.replace(/\n$/, ''), /[\n\r]/, JSON.stringify(request));
    }
  }
}
