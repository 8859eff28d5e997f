import type { Cleaner, Family, Judgement, Listener } from '../dataflow/index.js';
import type { FileContext } from '../file.js';
import type { SourceLanguage } from '../types.js';

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** As written in reports: `CWE-089`, three digits at least. */
export type CweId = `CWE-${string}`;

/** A piece of code that proves a rule; its verdict for the rule's CWE has to be as it says. */
export interface Example {
  language: SourceLanguage;
  code: string;
}

/** What a rule says about one place; from a walk of the tree or of the flow. */
export type Checked = { findings: Judgement[]; complete: boolean };

/**
 * One kind of flaw: what it looks for, and how. A rule `listen`s to the data flow, or `check`s the
 * file as it lies, or both. docs/rules-guide.md shows how to write one.
 */
export interface Rule {
  /** Stable, in kebab case: `sql-injection`. */
  id: string;
  cwe: CweId;
  title: string;
  languages: readonly SourceLanguage[];
  severity: Severity;
  /** Plain sentences for the documentation. */
  catches: string;
  misses: string;
  /** What to write instead. */
  remedy: string;
  bad: readonly Example[];
  good: readonly Example[];
  /** Functions that make data fit for a place of this rule. */
  cleaners?: readonly Cleaner[];
  /** Called once per path: what it keeps is that path's own. */
  listen?(file: FileContext): Listener;
  check?(file: FileContext): Checked;
}

export const PYTHON = ['python'] as const;
export const JAVASCRIPT = ['javascript', 'typescript', 'tsx'] as const;
export const C = ['c', 'cpp'] as const;

/** The languages that tables by family speak of. */
export function languagesOf(families: readonly Family[]): SourceLanguage[] {
  const languages = { python: PYTHON, javascript: JAVASCRIPT, c: C };
  return families.flatMap((family) => [...languages[family]]);
}

/** Examples of one language, as rules list them. */
export const examples = (language: SourceLanguage, ...codes: string[]): Example[] =>
  codes.map((code) => ({ language, code }));
