import type { CFinding } from './flow-c.js';

/** CWE-134, format string: a format is text of the program, or the text goes out without one. */
export function formatString(findings: readonly CFinding[]): CFinding[] {
  return findings.filter((finding) => finding.kind === 'format' || finding.kind === 'output');
}
