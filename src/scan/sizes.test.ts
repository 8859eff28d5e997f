import { describe, expect, it } from 'vitest';
import { type Parameter, pairSizes } from './sizes.js';

/** `*` marks a pointer, `const *` one that is only read. */
function parameters(...texts: string[]): Parameter[] {
  return texts.map((text) => ({
    name: text.replace(/^.*[ *]/, ''),
    pointer: text.includes('*'),
    readOnly: text.startsWith('const'),
  }));
}

describe('pairSizes', () => {
  it.each([
    [['*out', 'out_size', 'const *user'], { out: 'out_size' }],
    [['*buf', 'size'], { buf: 'size' }],
    [['*dst', 'const *src', 'n'], { dst: 'n' }],
    [['*dst', 'const *src', 'dst_len'], { dst: 'dst_len' }],
    [['*dst', 'const *src', 'len'], { src: 'len' }],
    [['*dst', 'const *src', 'src_len'], { src: 'src_len' }],
    [['*dst', 'cap', 'const *src', 'len'], { dst: 'cap', src: 'len' }],
    [['*outBuf', 'outBufLen'], { outBuf: 'outBufLen' }],
    [['*buffer', 'buflen'], { buffer: 'buflen' }],
    [['size', '*s'], {}],
    [['*table', 'count', 'idx', 'value'], { table: 'count' }],
    [['*out', 'id'], {}],
  ])('%j', (texts, pairs) => {
    expect(Object.fromEntries(pairSizes(parameters(...texts)))).toEqual(pairs);
  });
});
