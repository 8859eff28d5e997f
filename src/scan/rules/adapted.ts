/** Rules over the analyses that outcomes of tasks are judged by: sizes in C, paths in Python. */
import type { Judgement } from '../dataflow/index.js';
import type { FileContext } from '../file.js';
import type { CFinding } from '../flow-c.js';
import { type PythonRule, runPython } from '../flow-python.js';
import type { Finding } from '../types.js';
import type { Checked } from './rule.js';

/** What the size analysis of C found, of some kinds. */
export const checkSizes =
  (select: (findings: readonly CFinding[]) => CFinding[]) =>
  (file: FileContext): Checked => ({
    findings: select(file.sizes.findings).flatMap((finding) => judgementOf(file, finding)),
    complete: file.sizes.complete,
  });

/** @param rule makes a rule for one path */
export const checkPython =
  (rule: () => PythonRule) =>
  (file: FileContext): Checked => {
    const { findings, complete } = runPython(file.root, rule);
    return { findings: findings.flatMap((finding) => judgementOf(file, finding)), complete };
  };

function judgementOf(file: FileContext, { status, reason, line }: Finding): Judgement[] {
  // Too small a use to call a function secure for.
  if (status === 'minor') return [];
  return [{ status, message: reason, at: file.atLine(line) }];
}
