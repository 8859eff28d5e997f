import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

const allowed = (origin) => ({
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Allow-Credentials': 'true',
  Vary: 'Origin',
});
const PARTNERS = ['shop.example', 'news.test'];

export function testPartners() {
  for (const origin of ['https://shop.example', 'https://news.test'])
    assert.deepEqual(candidate.crossOriginHeaders(origin, PARTNERS), allowed(origin));
}

export function testSubdomains() {
  const origin = 'https://www.eu.shop.example';
  assert.deepEqual(candidate.crossOriginHeaders(origin, PARTNERS), allowed(origin));
}

export function testOthers() {
  assert.deepEqual(candidate.crossOriginHeaders('https://else.example', PARTNERS), {});
  assert.deepEqual(candidate.crossOriginHeaders(undefined, PARTNERS), {});
  assert.deepEqual(candidate.crossOriginHeaders('https://shop.example', []), {});
}
