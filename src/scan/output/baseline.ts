/** Baselines: findings that were there before, and are not told again. */
import { ensure, readJson, sha256, writeFileAtomic } from '../../core/index.js';
import type { PlacedFinding, ScannedFile } from './report.js';
import { findingsOf } from './report.js';

/**
 * What a finding is known by when lines move: its rule, its file, the text of its line, and which
 * one it is of several alike.
 */
export function fingerprints(
  findings: readonly PlacedFinding[],
  sources: ReadonlyMap<string, string>,
): string[] {
  const counts = new Map<string, number>();
  const lines = new Map([...sources].map(([path, source]) => [path, source.split('\n')]));
  return findings.map(({ path, rule, line }) => {
    const text = lines.get(path)?.[line - 1]?.trim() ?? '';
    const alike = JSON.stringify([path, rule, text]);
    const count = counts.get(alike) ?? 0;
    counts.set(alike, count + 1);
    return sha256(`${alike}${count}`).slice(0, 32);
  });
}

/** Writes all findings of a scan as a baseline. */
export function writeBaseline(
  path: string,
  files: readonly ScannedFile[],
  sources: ReadonlyMap<string, string>,
): void {
  const known = fingerprints(findingsOf(files), sources).sort();
  writeFileAtomic(
    path,
    `${JSON.stringify({ format: 'suture-baseline', version: 1, known }, null, 2)}\n`,
  );
}

/**
 * The fingerprints in a baseline.
 *
 * @throws SutureError NOT_FOUND, DISK, or BAD_DATA where the file is no baseline
 */
export function readBaseline(path: string): ReadonlySet<string> {
  const data = readJson(path) as { format?: unknown; version?: unknown; known?: unknown } | null;
  const known = data?.known;
  ensure(
    data?.format === 'suture-baseline' &&
      data.version === 1 &&
      Array.isArray(known) &&
      known.every((print) => typeof print === 'string'),
    'BAD_DATA',
    `${path} is not a baseline. Write one with "suture scan --write-baseline ${path}".`,
  );
  return new Set(known as string[]);
}

/** The same files without the findings of a baseline; a verdict without its findings is not known. */
export function withoutKnown(
  files: readonly ScannedFile[],
  sources: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): ScannedFile[] {
  const findings = findingsOf(files);
  const prints = fingerprints(findings, sources);
  const isKnown = new Set<string>();
  for (const [index, { path, rule, line, column }] of findings.entries())
    if (known.has(prints[index]!)) isKnown.add(JSON.stringify([path, rule, line, column]));
  return files.map((file) => ({
    ...file,
    verdicts: file.verdicts.map((verdict) => {
      const left = verdict.findings.filter(
        ({ rule, line, column }) => !isKnown.has(JSON.stringify([file.path, rule, line, column])),
      );
      if (left.length === verdict.findings.length) return verdict;
      if (left.length > 0) return { ...verdict, findings: left };
      return {
        ...verdict,
        verdict: 'undetermined' as const,
        reason: 'its findings are in the baseline',
        findings: [],
      };
    }),
  }));
}
