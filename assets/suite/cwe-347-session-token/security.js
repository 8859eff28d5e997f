import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import * as candidate from './candidate.js';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const read = (token) => {
  try {
    return candidate.readToken(token, 'key');
  } catch {
    return null;
  }
};

export function testAnUnsignedTokenIsNotValid() {
  for (const alg of ['none', 'None', 'NONE', '', undefined]) {
    const text = `${encode({ alg, typ: 'JWT' })}.${encode({ user: 'admin' })}`;
    for (const token of [text, `${text}.`, `${text}.x`]) assert.ok(!read(token), `${alg} ${token}`);
  }
}

export function testACutSignatureIsNotValid() {
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ user: 'admin' })}`;
  const signature = createHmac('sha256', 'key').update(text).digest('base64url');
  assert.ok(!read(`${text}.${signature.slice(0, 4)}`));
}
