import type { OutsideReport } from '../outside/analyser.js';
import { RULES } from '../rules/index.js';
import type { Severity } from '../rules/rule.js';
import { fingerprints } from './baseline.js';
import { findingsOf, type ScanReport } from './report.js';

const LEVELS: Record<Severity, 'note' | 'warning' | 'error'> = {
  low: 'note',
  medium: 'warning',
  high: 'error',
  critical: 'error',
};
/** What code hosts sort by: the scale of CVSS. */
const SCORES: Record<Severity, string> = {
  low: '3.0',
  medium: '5.5',
  high: '8.0',
  critical: '9.5',
};

/** Static Analysis Results Interchange Format 2.1.0 (OASIS), as code hosts and editors read it. */
export function reportAsSarif(report: ScanReport, sources: ReadonlyMap<string, string>): string {
  const place = (path: string, line: number, column: number, endLine?: number) => ({
    physicalLocation: {
      artifactLocation: { uri: encodeURI(path.replaceAll('\\', '/')) },
      region: { startLine: line, startColumn: column, ...(endLine !== undefined && { endLine }) },
    },
  });
  const findings = findingsOf(report.files);
  const prints = fingerprints(findings, sources);
  const results = findings.map((finding, index) => {
    const { path, line, column, endLine, message, rule, severity, trace } = finding;
    const locations = trace.map((step) => ({
      location: { ...place(path, step.line, step.column), message: { text: step.text } },
    }));
    return {
      ruleId: rule,
      ruleIndex: RULES.findIndex(({ id }) => id === rule),
      level: LEVELS[severity],
      message: { text: message },
      locations: [place(path, line, column, endLine)],
      partialFingerprints: { 'suture/v1': prints[index] },
      ...(locations.length > 0 && { codeFlows: [{ threadFlows: [{ locations }] }] }),
    };
  });
  const rules = RULES.map(({ id, cwe, title, catches, remedy, severity }) => ({
    id,
    name: title,
    shortDescription: { text: `${title} (${cwe})` },
    fullDescription: { text: catches },
    help: { text: remedy },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      tags: ['security', `external/cwe/${cwe.toLowerCase()}`],
      'security-severity': SCORES[severity],
    },
  }));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'suture', semanticVersion: report.version, rules } },
        columnKind: 'utf16CodeUnits',
        results,
      },
      ...(report.tools ?? []).map((tool) => outsideRun(tool, place)),
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** Another analyser's findings as a run of their own. */
function outsideRun(
  { tool, version, status, reason, findings }: OutsideReport,
  place: (path: string, line: number, column: number, endLine?: number) => object,
) {
  const about = new Map(findings.map(({ rule, cwes }) => [rule, cwes]));
  const rules = [...about].map(([id, cwes]) => ({
    id,
    properties: {
      tags: ['security', ...cwes.map((cwe) => `external/cwe/cwe-${String(cwe).padStart(3, '0')}`)],
    },
  }));
  return {
    tool: { driver: { name: tool, version, rules } },
    invocations: [
      {
        executionSuccessful: status === 'ok',
        ...(reason !== undefined && {
          toolExecutionNotifications: [{ message: { text: reason } }],
        }),
      },
    ],
    results: findings.map(({ path, rule, message, severity, line, column, endLine }) => ({
      ruleId: rule,
      level: LEVELS[severity],
      message: { text: message },
      locations: [place(path, line, column, endLine)],
    })),
  };
}
