import type { CFinding } from './flow-c.js';

/**
 * CWE-787, out-of-bounds write: every write has to fit where it goes. flow-c.ts and libc.ts prove
 * that or not; what counts here is writing.
 */
export function outOfBoundsWrite(findings: readonly CFinding[]): CFinding[] {
  return findings.filter((finding) => finding.kind === 'write');
}
