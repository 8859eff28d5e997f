import type { Cwe } from '../../scan/index.js';
import type { Base } from './base.js';
import { CWE_078 } from './cwe-078.js';
import { CWE_079 } from './cwe-079.js';
import { CWE_089 } from './cwe-089.js';
import { CWE_119 } from './cwe-119.js';
import { CWE_134 } from './cwe-134.js';
import { CWE_787 } from './cwe-787.js';

/** Seven bases of each weakness. */
export const BASES: Readonly<Record<Cwe, readonly Base[]>> = {
  'CWE-787': CWE_787,
  'CWE-119': CWE_119,
  'CWE-134': CWE_134,
  'CWE-089': CWE_089,
  'CWE-078': CWE_078,
  'CWE-079': CWE_079,
};

export const ALL_BASES: readonly Base[] = Object.values(BASES).flat();

export {
  type Base,
  type Body,
  contextOf,
  drawNames,
  fill,
  functionText,
  heldOut,
  lines,
  type Names,
  type Split,
  type Task,
} from './base.js';
export { UTILITIES, type UtilityBase } from './utility.js';
