import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { SutureError } from '../../core/index.js';
import type { Severity } from '../rules/rule.js';
import { type OutsideFinding, severityOfScore, severityOfWord } from './analyser.js';

const text = z.object({ text: z.string() }).partial();
const bag = z.record(z.string(), z.unknown());
const rule = z.object({
  id: z.string(),
  shortDescription: text.optional(),
  fullDescription: text.optional(),
  defaultConfiguration: z.object({ level: z.string() }).partial().optional(),
  properties: bag.optional(),
  relationships: z.array(z.object({ target: z.object({ id: z.string() }).partial() })).optional(),
});
const component = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  semanticVersion: z.string().optional(),
  rules: z.array(rule).optional(),
});
const artifact = z.object({ uri: z.string(), index: z.int() }).partial();
const result = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.int().optional(),
  rule: z
    .object({
      id: z.string(),
      index: z.int(),
      toolComponent: z.object({ index: z.int() }).partial(),
    })
    .partial()
    .optional(),
  kind: z.string().optional(),
  level: z.string().optional(),
  message: text.optional(),
  locations: z
    .array(
      z
        .object({
          physicalLocation: z
            .object({
              artifactLocation: artifact,
              region: z
                .object({ startLine: z.int(), startColumn: z.int(), endLine: z.int() })
                .partial(),
            })
            .partial(),
        })
        .partial(),
    )
    .optional(),
  suppressions: z.array(z.object({ status: z.string() }).partial()).optional(),
  taxa: z.array(z.object({ id: z.string() }).partial()).optional(),
  properties: bag.optional(),
});
const log = z.object({
  version: z.string(),
  runs: z.array(
    z.object({
      tool: z.object({ driver: component, extensions: z.array(component).optional() }),
      artifacts: z.array(z.object({ location: artifact }).partial()).optional(),
      results: z.array(result).nullish(),
    }),
  ),
});
type Rule = z.infer<typeof rule>;
type Result = z.infer<typeof result>;

/** One run of a tool in a SARIF file. */
export interface SarifRun {
  tool: string;
  version: string;
  findings: OutsideFinding[];
}

/**
 * Reads SARIF 2.1.0 (OASIS), as CodeQL, Semgrep, clang and flawfinder write it. What is suppressed and
 * what a tool reports as passed is left out. CWEs are taken from where tools put them: tags of the rule
 * (`external/cwe/cwe-089`, `CWE-89: …`), its `cwe` property, its relationships, the result's taxa, and
 * at last its texts.
 *
 * @param content the file's text
 * @param from its path, for messages
 * @throws {SutureError} BAD_DATA where it is not SARIF 2.x
 * @example
 * const [run] = readSarif(readFileSync('codeql.sarif', 'utf8'), 'codeql.sarif');
 * run.findings.filter(({ cwes }) => cwes.includes(89));
 */
export function readSarif(content: string, from: string): SarifRun[] {
  const parsed = log.safeParse(jsonOf(content, from));
  if (!parsed.success || !parsed.data.version.startsWith('2.')) {
    const [issue] = parsed.error?.issues ?? [];
    const where = issue ? ` (${issue.path.join('.')}: ${issue.message})` : '';
    throw new SutureError('BAD_DATA', `${from} is not SARIF 2.1.0${where}.`);
  }
  return parsed.data.runs.map(({ tool, artifacts = [], results }) => {
    const { driver, extensions = [] } = tool;
    const known = new Map(
      [driver, ...extensions].flatMap(({ rules = [] }) => rules).map((one) => [one.id, one]),
    );
    const ruleOf = (one: Result): Rule | undefined => {
      const holder = extensions[one.rule?.toolComponent?.index ?? -1] ?? driver;
      const index = one.ruleIndex ?? one.rule?.index ?? -1;
      return known.get(one.ruleId ?? one.rule?.id ?? '') ?? holder.rules?.[index];
    };
    const uriOf = (location: z.infer<typeof artifact> | undefined) =>
      location?.uri ?? artifacts[location?.index ?? -1]?.location?.uri;
    const findings = (results ?? []).flatMap((one): OutsideFinding[] => {
      const passed = one.kind !== undefined && one.kind !== 'fail';
      const allowed = one.suppressions?.some(({ status }) => (status ?? 'accepted') === 'accepted');
      const place = one.locations?.[0]?.physicalLocation;
      const uri = uriOf(place?.artifactLocation);
      if (passed || allowed || uri === undefined) return [];
      const about = ruleOf(one);
      const line = Math.max(1, place?.region?.startLine ?? 1);
      return [
        {
          path: pathOf(uri),
          cwes: cwesOf(one, about),
          rule: one.ruleId ?? about?.id ?? 'unnamed',
          message: one.message?.text ?? about?.shortDescription?.text ?? about?.id ?? '',
          severity: severityOf(one, about),
          line,
          column: Math.max(1, place?.region?.startColumn ?? 1),
          endLine: Math.max(line, place?.region?.endLine ?? line),
        },
      ];
    });
    const version = driver.semanticVersion ?? driver.version ?? 'unknown';
    return { tool: driver.name ?? 'unnamed', version, findings };
  });
}

export function jsonOf(content: string, from: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SutureError('BAD_DATA', `${from} is not JSON.`, { cause });
  }
}

function pathOf(uri: string): string {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : decodeURIComponent(uri);
  } catch {
    return uri; // an address that is none is shown as it is
  }
}

/** Every CWE that a text names. */
export const cwesIn = (words: string): number[] => [
  ...new Set([...words.matchAll(/\bcwe[-_ ]?0*(\d{1,5})\b/gi)].map(([, id]) => Number(id))),
];

function cwesOf(one: Result, about: Rule | undefined): number[] {
  const named = (value: unknown) =>
    [value]
      .flat()
      .map((one) => (/^\d+$/.test(String(one)) ? `CWE-${one}` : String(one)))
      .join(' ');
  const sources = [
    JSON.stringify(about?.properties?.tags ?? []),
    named(about?.properties?.cwe),
    named(one.properties?.cwe),
    JSON.stringify((about?.relationships ?? []).map(({ target }) => target.id ?? '')),
    JSON.stringify((one.taxa ?? []).map(({ id }) => `CWE-${id?.replace(/^CWE-/i, '') ?? ''}`)),
    [one.message?.text, about?.shortDescription?.text, about?.fullDescription?.text].join(' '),
  ];
  return sources.map(cwesIn).find((found) => found.length > 0) ?? [];
}

function severityOf(one: Result, about: Rule | undefined): Severity {
  const score = Number(about?.properties?.['security-severity']);
  if (Number.isFinite(score)) return severityOfScore(score);
  return severityOfWord(one.level ?? about?.defaultConfiguration?.level ?? 'warning');
}
