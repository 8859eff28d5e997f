import type { Parsed } from './parse.js';
import type { CweId } from './rules/rule.js';

export interface Allowance {
  cwe: CweId;
  reason: string;
  /** The line of the comment and the line behind it. */
  covers(line: number): boolean;
}

const FORM = /\bsuture:\s*allow\s+(CWE-\d+)\s+because\s+(\S[^\n]*)/i;

/** `suture: allow CWE-089 because …` in comments. Without a reason it allows nothing. */
export function allowancesOf(parsed: Parsed): Allowance[] {
  return parsed.comments.flatMap(({ line, text }) => {
    const [, cwe, reason] = FORM.exec(text) ?? [];
    if (cwe === undefined || reason === undefined) return [];
    const last = line + text.split('\n').length - 1;
    return [
      {
        cwe: cwe.toUpperCase().replace(/\d+$/, (digits) => digits.padStart(3, '0')) as CweId,
        reason: reason.replace(/\s*(?:\*\/|-->)\s*$/, ''),
        covers: (at: number) => at >= line && at <= last + 1,
      },
    ];
  });
}
