import { classicOverflow, heapOverflow, stackOverflow } from './cwe120.js';
import { outOfBoundsRead } from './cwe125.js';
import { readWhateverTheLength } from './cwe125-length.js';
import { integerOverflow } from './cwe190.js';
import { doubleFree } from './cwe415.js';
import { useAfterFree } from './cwe416.js';
import { nullDereference } from './cwe476.js';
import { dangerousFunction } from './cwe676.js';
import type { Rule } from './rule.js';

/** Rules that C and C++ have for themselves, by CWE. */
export const NATIVE_RULES: readonly Rule[] = [
  classicOverflow,
  stackOverflow,
  heapOverflow,
  outOfBoundsRead,
  readWhateverTheLength,
  integerOverflow,
  doubleFree,
  useAfterFree,
  nullDereference,
  dangerousFunction,
];
