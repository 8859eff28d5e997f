import { cohenKappa } from '../../stats/index.js';
import { familyOf } from '../families.js';
import type { ScannedFile } from '../output/report.js';
import type { CweId } from '../rules/rule.js';
import type { OutsideReport } from './analyser.js';

/** How often two analysers say the same of a file and a weakness. */
export interface Agreement {
  tool: string;
  /** A weakness with its kin; `all` of them together. */
  cwe: CweId | 'all';
  /** Files in which both find it, only Suture, only the tool, or neither. */
  both: number;
  onlySuture: number;
  onlyTool: number;
  neither: number;
  /** Cohen's kappa; undefined where chance alone would always agree. */
  kappa: number | undefined;
}

/**
 * Agreement by file and weakness, kin counted as one (CWE-121 and CWE-787 are one flaw under two numbers). Weaknesses
 * are compared that Suture looks for in the file's language and that the tool named in this run at least once: of
 * others nobody knows whether the tool looks for them.
 *
 * @param read paths that the tool was given
 */
export function agreementOf(
  files: readonly ScannedFile[],
  report: OutsideReport,
  read: ReadonlySet<string>,
): Agreement[] {
  const named = new Map<number, Set<string>>();
  for (const { path, cwes } of report.findings) {
    for (const cwe of cwes) {
      const family = familyOf(`CWE-${String(cwe).padStart(3, '0')}`);
      named.set(family, (named.get(family) ?? new Set()).add(path));
    }
  }
  const cells = new Map<number, { cwe: CweId; pairs: [boolean, boolean][] }>();
  for (const { path, verdicts } of files) {
    if (!read.has(path)) continue;
    for (const family of new Set(verdicts.map(({ cwe }) => familyOf(cwe)))) {
      const paths = named.get(family);
      if (!paths) continue;
      const own = verdicts.filter(({ cwe }) => familyOf(cwe) === family);
      const found = own.some(({ verdict }) => verdict === 'insecure');
      const cell = cells.get(family) ?? { cwe: own[0]!.cwe, pairs: [] };
      cell.pairs.push([found, paths.has(path)]);
      cells.set(family, cell);
    }
  }
  const row = (
    cwe: Agreement['cwe'],
    pairs: readonly (readonly [boolean, boolean])[],
  ): Agreement => {
    const count = (a: boolean, b: boolean) => pairs.filter(([x, y]) => x === a && y === b).length;
    return {
      tool: report.tool,
      cwe,
      both: count(true, true),
      onlySuture: count(true, false),
      onlyTool: count(false, true),
      neither: count(false, false),
      kappa: cohenKappa(pairs),
    };
  };
  const rows = [...cells.values()].sort((a, b) => (a.cwe < b.cwe ? -1 : 1));
  if (rows.length === 0) return [];
  return [
    ...rows.map(({ cwe, pairs }) => row(cwe, pairs)),
    row(
      'all',
      rows.flatMap(({ pairs }) => pairs),
    ),
  ];
}
