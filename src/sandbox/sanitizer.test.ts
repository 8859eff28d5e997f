import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sanitizerReport } from './sanitizer.js';

it('reads the kind, the access and the innermost frame of the program', () => {
  const report = sanitizerReport(`noise
=================================================================
==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000011 at pc 0x1 bp 0x2 sp 0x3
READ of size 1 at 0x602000000011 thread T0
    #0 0x7ffff7847680 in __interceptor_memset ../../../../src/libsanitizer/common.inc:799
    #1 0x555555555234 in take(char*, int) /tmp/work/lib/take.cpp:3:7
    #2 0x555555555299 in main /tmp/work/main.cpp:9
`);
  expect(report).toEqual({
    kind: 'AddressSanitizer',
    what: 'heap-use-after-free',
    access: 'READ',
    frame: { function: 'take(char*, int)', file: 'lib/take.cpp', line: 3 },
  });
});

it('reads reports of other forms', () => {
  expect(sanitizerReport('==3==ERROR: AddressSanitizer: attempting double-free on 0x1:\n')).toEqual(
    {
      kind: 'AddressSanitizer',
      what: 'double-free',
    },
  );
  expect(sanitizerReport('a.c:2:48: runtime error: shift exponent 40 is too large\n')).toEqual({
    kind: 'UndefinedBehaviorSanitizer',
    what: 'shift exponent 40 is too large',
    frame: { file: 'a.c', line: 2 },
  });
  expect(sanitizerReport('all is well')).toBeUndefined();
});

it('never throws', () => {
  const part = fc.constantFrom(
    '==1==ERROR: AddressSanitizer: ',
    'SEGV on unknown',
    '\n',
    ' #0 0x1 in f ',
    'main.c:3',
    ': runtime error: ',
    '\0',
  );
  const text = fc.array(fc.oneof(part, fc.string()), { maxLength: 12 });
  fc.assert(fc.property(text, (parts) => void sanitizerReport(parts.join(''))));
});
