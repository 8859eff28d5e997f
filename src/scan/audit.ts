/** Runs all rules over one source and draws the verdict of each CWE from what they say. */

import { messageOf } from '../core/index.js';
import {
  type Judgement,
  type Models,
  modelsOf,
  runFlow,
  type Sources,
  type Step,
} from './dataflow/index.js';
import { FileContext } from './file.js';
import { Parsers } from './parse.js';
import { RULES } from './rules/index.js';
import { type CweId, type Rule, SEVERITIES, type Severity } from './rules/rule.js';
import type { SourceLanguage } from './types.js';

export interface ScanFinding {
  rule: string;
  message: string;
  severity: Severity;
  /** 1-based. */
  line: number;
  column: number;
  endLine: number;
  /** From where the data entered to where they do harm. */
  trace: Step[];
}

export interface CweVerdict {
  cwe: CweId;
  /**
   * `secure`: a sink of the family is present and shown safe. `insecure`: one is shown unsafe.
   * `not_applicable`: there is none. `undetermined`: nobody can tell, the reason says why.
   */
  verdict: 'secure' | 'insecure' | 'not_applicable' | 'undetermined';
  reason: string;
  findings: ScanFinding[];
  /** Findings that a comment in the source allows, with the reason it gives. */
  suppressed?: { rule: string; line: number; reason: string }[];
}

export interface FileReport {
  language: SourceLanguage;
  /** `partial`: there are syntax errors, and what could be read was judged. */
  parse: 'ok' | 'partial' | 'failed';
  verdicts: CweVerdict[];
}

export interface ScanOptions {
  /** Only these; all by default. */
  cwes?: readonly CweId[];
  /** Findings of less are left out; `low` by default. */
  minSeverity?: Severity;
  /** Where untrusted data enter beside well-known places; `parameters` by default. */
  sources?: Sources;
}

/** All CWEs that some rule looks for, in order. */
export const SCANNED: readonly CweId[] = [...new Set(RULES.map(({ cwe }) => cwe))].sort();

/** Larger sources are not read: no function is as long. */
const MAX_LENGTH = 1_000_000;

/** Lines that are left out at the end of a text that breaks off. */
const MAX_CUT = 3;
/** Characters of the longest text that is read again without them: completions, not files. */
const MAX_COMPLETION = 50_000;

interface Said {
  rule: Rule;
  findings: Judgement[];
  complete: boolean;
  fault?: string;
}

/**
 * Looks for every weakness that the rules know. It runs nothing and needs no network; any text is
 * judged, however broken.
 *
 * @example
 * const auditor = await Auditor.load(['python']);
 * auditor.scan('import os\ndef f(a):\n    os.system("ls " + a)\n', 'python').verdicts;
 */
export class Auditor {
  readonly #parsers: Parsers;
  readonly #models = new Map<string, Models>();

  private constructor(parsers: Parsers) {
    this.#parsers = parsers;
  }

  /** @throws SutureError INTERNAL where a grammar cannot be loaded */
  static async load(languages: readonly SourceLanguage[]): Promise<Auditor> {
    // Macros of C++ are read as C.
    const needed = new Set(languages.includes('cpp') ? [...languages, 'c' as const] : languages);
    return new Auditor(await Parsers.load([...needed]));
  }

  /** @throws SutureError BAD_ARGUMENT for a language that was not loaded */
  scan(source: string, language: SourceLanguage, options: ScanOptions = {}): FileReport {
    const { cwes, minSeverity = 'low', sources = 'parameters' } = options;
    const rules = RULES.filter(
      (rule) =>
        rule.languages.includes(language) && (cwes === undefined || cwes.includes(rule.cwe)),
    );
    const wanted = [...new Set(rules.map(({ cwe }) => cwe))].sort();
    const failed = (reason: string): FileReport => ({
      language,
      parse: 'failed',
      verdicts: wanted.map((cwe) => ({ cwe, verdict: 'undetermined', reason, findings: [] })),
    });
    if (source.length > MAX_LENGTH) return failed('the source is longer than a million characters');
    const { file, cut } = this.#read(source, language);
    if (file.parsed.unread) return failed(`the source cannot be read: ${file.parsed.unread}`);
    const empty =
      file.root.named.length === 0 && source.trim() !== '' && file.parsed.comments.length === 0;
    if (empty) return failed('nothing of the source can be read');
    const broken = file.root.type === 'ERROR';

    const said = this.#run(file, rules, sources);
    const least = SEVERITIES.indexOf(minSeverity);
    const verdicts = wanted.map((cwe) => {
      const own = said.filter(({ rule }) => rule.cwe === cwe);
      return decide(cwe, own, file, least);
    });
    if (broken) for (const verdict of verdicts) doubt(verdict);
    const parse = broken ? 'failed' : file.parsed.clean && !cut ? 'ok' : 'partial';
    return { language, parse, verdicts };
  }

  /**
   * A text that breaks off may leave the parser with no tree at all, which it has without the last
   * lines.
   */
  #read(source: string, language: SourceLanguage): { file: FileContext; cut: boolean } {
    const whole = new FileContext(source, language, this.#parsers);
    if (source.length > MAX_COMPLETION) return { file: whole, cut: false };
    let rest = source;
    for (let lines = 0; lines < MAX_CUT && whole.root.type === 'ERROR'; lines++) {
      rest = rest.slice(0, Math.max(0, rest.trimEnd().lastIndexOf('\n')));
      if (rest.trim() === '') break;
      const file = new FileContext(rest, language, this.#parsers);
      if (file.root.type !== 'ERROR') return { file, cut: true };
    }
    return { file: whole, cut: false };
  }

  #run(file: FileContext, rules: readonly Rule[], sources: Sources): Said[] {
    const listening = rules.filter((rule) => rule.listen);
    const said: Said[] = [];
    try {
      const models = this.#modelsFor(file);
      const flow = runFlow(file.program, models, sources, () =>
        listening.map((rule) => rule.listen!(file)),
      );
      for (const [index, rule] of listening.entries())
        said.push({ rule, findings: flow.judgements[index]!, complete: flow.complete });
    } catch (thrown) {
      const fault = messageOf(thrown);
      for (const rule of listening) said.push({ rule, findings: [], complete: false, fault });
    }
    for (const rule of rules) {
      try {
        if (rule.check) said.push({ rule, ...rule.check(file) });
      } catch (thrown) {
        said.push({ rule, findings: [], complete: false, fault: messageOf(thrown) });
      }
    }
    return said;
  }

  #modelsFor({ family }: FileContext): Models {
    let models = this.#models.get(family);
    if (!models) {
      models = modelsOf(
        family,
        RULES.flatMap((rule) => rule.cleaners ?? []),
      );
      this.#models.set(family, models);
    }
    return models;
  }
}

/** Of a source without a tree only what was found counts. */
function doubt(verdict: CweVerdict): void {
  if (verdict.verdict === 'insecure' || verdict.verdict === 'undetermined') return;
  verdict.verdict = 'undetermined';
  verdict.reason = 'the source cannot be read well enough';
}

function decide(cwe: CweId, said: readonly Said[], file: FileContext, least: number): CweVerdict {
  const suppressed: NonNullable<CweVerdict['suppressed']> = [];
  const findings: ScanFinding[] = [];
  const seen = new Set<string>();
  for (const { rule, findings: own } of said) {
    if (SEVERITIES.indexOf(rule.severity) < least) continue;
    for (const judgement of own) {
      if (judgement.status !== 'unsafe') continue;
      const { at, message, trace = [] } = judgement;
      const key = `${rule.id} ${at.start}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const allowed = file.allowances.get(`${cwe} ${at.line}`);
      if (allowed !== undefined) suppressed.push({ rule: rule.id, line: at.line, reason: allowed });
      else
        findings.push({
          rule: rule.id,
          message,
          severity: rule.severity,
          line: at.line,
          column: at.column,
          endLine: at.endLine,
          trace,
        });
    }
  }
  findings.sort((a, b) => a.line - b.line || a.column - b.column);
  const told = (verdict: CweVerdict['verdict'], reason: string): CweVerdict => ({
    cwe,
    verdict,
    reason,
    findings,
    ...(suppressed.length > 0 && { suppressed }),
  });
  const first = findings[0];
  if (first) return told('insecure', `${first.message} (line ${first.line})`);
  const allowed = suppressed[0];
  if (allowed)
    return told('undetermined', `allowed in line ${allowed.line} because ${allowed.reason}`);
  const fault = said.find((one) => one.fault !== undefined);
  if (fault) return told('undetermined', `the rule ${fault.rule.id} failed: ${fault.fault}`);
  const earliest = (status: Judgement['status']): Judgement | undefined => {
    let found: Judgement | undefined;
    for (const one of said)
      for (const judgement of one.findings)
        if (judgement.status === status && !(found && found.at.line <= judgement.at.line))
          found = judgement;
    return found;
  };
  const unknown = earliest('unknown');
  if (unknown) return told('undetermined', `${unknown.message} (line ${unknown.at.line})`);
  const left = said.some((one) => one.findings.some(({ status }) => status === 'unsafe'));
  if (left) return told('undetermined', 'what was found is less severe than asked for');
  if (said.some(({ complete }) => !complete))
    return told('undetermined', 'there are too many paths to follow them all');
  const safe = earliest('safe');
  if (safe) return told('secure', `${safe.message} (line ${safe.at.line})`);
  return told('not_applicable', 'nothing here is of this kind of weakness');
}
