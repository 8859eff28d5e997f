import type { Severity } from '../rules/rule.js';
import type { SourceLanguage } from '../types.js';

/** What an analyser that is not ours found, in the words of `suture scan`. */
export interface OutsideFinding {
  /** As the user gave the file; where an imported file names another, as that names it. */
  path: string;
  /** Numbers, in the order in which the tool names them; empty where it names none. */
  cwes: number[];
  /** The tool's own name for what it looks for. */
  rule: string;
  message: string;
  severity: Severity;
  /** 1-based. */
  line: number;
  column: number;
  endLine: number;
}

/** All that one analyser said. */
export interface OutsideReport {
  tool: string;
  version: string;
  /** `failed`: it crashed, ran out of time or printed what cannot be read. Nothing found is not that. */
  status: 'ok' | 'failed';
  /** Why it failed, or what it could not read. */
  reason?: string;
  findings: OutsideFinding[];
}

/** A file to be analysed. */
export interface OutsideTarget {
  /** Absolute, links resolved. */
  file: string;
  /** As the user gave it. */
  path: string;
  language: SourceLanguage;
}

/** Where an analyser runs: nothing is written outside `dir`. */
export interface Workplace {
  /** An empty folder of its own. */
  dir: string;
  /** Rules for analysers that have none of their own (Semgrep): a file or folder. */
  rules: string | undefined;
  run: (program: string, args: readonly string[]) => Promise<Output>;
}

/** How a program ended. */
export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** An analyser that may be installed. */
export interface Analyser {
  name: string;
  languages: readonly SourceLanguage[];
  program: string;
  /** How to get it. */
  install: string;
  /** Finds the version in what `program --version` prints. */
  version: RegExp;
  /**
   * @returns what it found, with absolute paths, and what it could not read
   * @throws {SutureError} ENGINE where its output cannot be read
   */
  analyse(
    targets: readonly OutsideTarget[],
    workplace: Workplace,
  ): Promise<{ findings: OutsideFinding[]; unread?: string | undefined }>;
}

/** A grade of CVSS as a severity (its version 3.1, section 5). */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  return score >= 4 ? 'medium' : 'low';
}

/** The words that analysers have for severity. */
export function severityOfWord(word: string): Severity {
  switch (word.toLowerCase()) {
    case 'critical':
      return 'critical';
    case 'error':
    case 'high':
      return 'high';
    case 'warning':
    case 'medium':
      return 'medium';
    default:
      return 'low';
  }
}
