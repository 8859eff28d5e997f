import { doubleFree } from './cwe415.js';
import { useAfterFree } from './cwe416.js';
import { nullDereference } from './cwe476.js';
import type { Rule } from './rule.js';

/** Rules that C and C++ have for themselves, by CWE. */
export const NATIVE_RULES: readonly Rule[] = [doubleFree, useAfterFree, nullDereference];
