import type { CFinding } from './flow-c.js';

/** CWE-119, improper restriction to the bounds of a buffer: writing and reading beyond it. */
export function bufferBounds(findings: readonly CFinding[]): CFinding[] {
  return findings.filter((finding) => finding.kind === 'write' || finding.kind === 'read');
}
