import type { Parsed } from './parse.js';

/** The reason for which findings of a CWE in a line are allowed, by `CWE-089 12`. */
export type Allowances = ReadonlyMap<string, string>;

const FORM = /\bsuture:\s*allow\s+(CWE-\d+)\s+because\s+(\S[^\n]*)/i;

/**
 * `suture: allow CWE-089 because …` in comments: it covers the lines of the comment and the one
 * behind it. Without a reason it allows nothing.
 */
export function allowancesOf(parsed: Parsed): Allowances {
  const allowances = new Map<string, string>();
  for (const { line, text } of parsed.comments) {
    const [, named, written] = FORM.exec(text) ?? [];
    if (named === undefined || written === undefined) continue;
    const cwe = named.toUpperCase().replace(/\d+$/, (digits) => digits.padStart(3, '0'));
    const reason = written.replace(/\s*(?:\*\/|-->)\s*$/, '');
    const last = line + text.split('\n').length;
    for (let at = line; at <= last; at++)
      if (!allowances.has(`${cwe} ${at}`)) allowances.set(`${cwe} ${at}`, reason);
  }
  return allowances;
}
