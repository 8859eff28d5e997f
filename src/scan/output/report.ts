import type { FileReport, ScanFinding } from '../audit.js';
import type { CweId } from '../rules/rule.js';

/** What `suture scan` says of one file. */
export interface ScannedFile extends FileReport {
  /** As it was given; `-` for standard input. */
  path: string;
}

export interface ScanReport {
  /** Of Suture. */
  version: string;
  files: ScannedFile[];
}

/** A finding with the file and the CWE that it belongs to. */
export interface PlacedFinding extends ScanFinding {
  path: string;
  cwe: CweId;
}

export const findingsOf = (files: readonly ScannedFile[]): PlacedFinding[] =>
  files.flatMap(({ path, verdicts }) =>
    verdicts
      .flatMap(({ cwe, findings }) => findings.map((finding) => ({ ...finding, cwe, path })))
      .sort((a, b) => a.line - b.line || a.column - b.column),
  );

/** The shape that `--format json` promises. */
export const reportAsJson = (report: ScanReport): string => `${JSON.stringify(report, null, 2)}\n`;

/** Findings as compilers print them, with their traces, and a line that sums up. */
export function reportAsText({ files }: ScanReport): string {
  const findings = findingsOf(files);
  const lines = findings.flatMap(({ path, line, column, severity, message, cwe, rule, trace }) => [
    `${path}:${line}:${column}: ${severity}: ${message} [${cwe}, ${rule}]`,
    ...trace.map((step) => `    ${path}:${step.line}:${step.column}: ${step.text}`),
  ]);
  for (const { path, parse } of files) {
    if (parse === 'failed') lines.push(`${path}: could not be read as a program`);
    if (parse === 'partial')
      lines.push(`${path}: has syntax errors; what could be read was scanned`);
  }
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  lines.push(`${count(findings.length, 'finding')} in ${count(files.length, 'file')}`);
  return `${lines.join('\n')}\n`;
}
