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

/** Rules of Python, which all listen to one and the same run, and what they heard in a file. */
const pythonRules: (() => PythonRule)[] = [];
const heard = new WeakMap<FileContext, ReturnType<typeof runPython>>();
const PYTHON_BUDGET = { steps: 6000, paths: 24 };

/** @param rule makes a rule for one path */
export const checkPython = (rule: () => PythonRule): ((file: FileContext) => Checked) => {
  const index = pythonRules.push(rule) - 1;
  return (file) => {
    const run = heard.get(file) ?? runPython(file.root, pythonRules, PYTHON_BUDGET);
    heard.set(file, run);
    const findings = run.findings[index]!.flatMap((finding) => judgementOf(file, finding));
    return { findings, complete: run.complete };
  };
};

function judgementOf(file: FileContext, { status, reason, line }: Finding): Judgement[] {
  // Too small a use to call a function secure for.
  if (status === 'minor') return [];
  return [{ status, message: reason, at: file.atLine(line) }];
}
