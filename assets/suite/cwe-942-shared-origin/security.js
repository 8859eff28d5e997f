import assert from 'node:assert/strict';
import * as candidate from './candidate.js';

export function testNamesThatOnlyLookAlike() {
  const origins = ['https://evilshop.example', 'https://shop.example.evil.test', 'https://shop-example.test', 'null',
    'https://evil.test/shop.example', 'https://shopxexample'];
  for (const origin of origins) {
    const headers = candidate.crossOriginHeaders(origin, ['shop.example']);
    assert.equal(headers['Access-Control-Allow-Origin'], undefined, origin);
  }
}
