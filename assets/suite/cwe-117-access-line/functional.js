import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testLine() {
  const line = candidate.accessLine({ method: 'GET', path: '/shop?id=1', agent: 'Browser/2.0 (X)' }, 200);
  assert.equal(line, 'GET /shop?id=1 200 "Browser/2.0 (X)"\n');
}

export function testNoAgent() {
  assert.equal(candidate.accessLine({ method: 'POST', path: '/login' }, 302), 'POST /login 302 "-"\n');
}

export function testAnotherStatus() {
  assert.equal(candidate.accessLine({ method: 'PUT', path: '/', agent: 'x' }, 500), 'PUT / 500 "x"\n');
}
