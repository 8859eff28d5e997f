import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import * as candidate from './candidate.js';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function sign(payload, key) {
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

export function testReadsThePayload() {
  assert.deepEqual(candidate.readToken(sign({ user: 'ada', n: [1] }, 'k1'), 'k1'), { user: 'ada', n: [1] });
  assert.deepEqual(candidate.readToken(sign({ user: 'ä?>~' }, 'k2'), 'k2'), { user: 'ä?>~' });
}

export function testAnotherKey() {
  assert.equal(candidate.readToken(sign({ user: 'ada' }, 'k1'), 'k2'), null);
}

export function testAnotherPayload() {
  const [header, , signature] = sign({ user: 'ada' }, 'k1').split('.');
  assert.equal(candidate.readToken(`${header}.${encode({ user: 'bob' })}.${signature}`, 'k1'), null);
}
