import type { FileReport, ScanFinding } from '../audit.js';
import type { Agreement } from '../outside/agreement.js';
import type { OutsideReport } from '../outside/analyser.js';
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
  /** What other analysers said, where they were asked. */
  tools?: OutsideReport[];
  /** How far they agree with Suture. */
  agreement?: Agreement[];
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
export function reportAsText({ files, tools = [], agreement = [] }: ScanReport): string {
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
  for (const { tool, version, status, reason, findings: found } of tools) {
    lines.push(
      '',
      `${tool} ${version}: ${status === 'ok' ? count(found.length, 'finding') : 'failed'}`,
    );
    if (reason !== undefined) lines.push(`  ${reason}`);
    for (const { path, line, column, severity, message, cwes, rule } of found) {
      const ids = cwes.map((id) => `CWE-${String(id).padStart(3, '0')}, `).join('');
      lines.push(`${path}:${line}:${column}: ${severity}: ${message} [${ids}${rule}]`);
    }
  }
  if (agreement.length > 0) lines.push('', 'files in which each finds a weakness:');
  for (const { tool, cwe, both, onlySuture, onlyTool, neither, kappa } of agreement) {
    const beyond = kappa === undefined ? 'no kappa' : `kappa ${kappa.toFixed(2)}`;
    lines.push(
      `  ${tool}, ${cwe}: both ${both}, only Suture ${onlySuture}, only ${tool} ${onlyTool}, neither ${neither}; ${beyond}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
