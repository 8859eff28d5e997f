import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensure } from '../../core/index.js';
import type { Judgement } from '../judge.js';
import { isSecure, passes } from '../metrics/counts.js';
import type { RunFolder } from '../run/folder.js';
import { JsonLines, type LinePlace } from '../run/lines.js';
import { runKind } from '../run/list.js';
import type { EvalSample, EvalVerdict } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';

/** Of one type in all rows; null where it is not known. */
export type Cell = string | number | boolean | null;
/** The columns of a run are the same in all its rows, in one order. */
export type FlatRow = Readonly<Record<string, Cell>>;

/**
 * The samples of a run as rows of a table, one by one: of `suture eval`, whether they have been judged or not, or of
 * `suture repair`.
 *
 * @param scenariosOf gives the scenarios of an evaluation, for what rows say of them; asked for evaluations only
 * @throws {SutureError} BAD_ARGUMENT for a run that has no samples
 * @example
 * for (const row of flatSamples(folder, () => loadSuite().scenarios)) console.log(JSON.stringify(row));
 */
export function flatSamples(
  folder: RunFolder,
  scenariosOf: () => readonly Scenario[],
): Generator<FlatRow> {
  ensure(
    existsSync(join(folder.dir, 'samples.jsonl')),
    'BAD_ARGUMENT',
    `${folder.dir} has no samples: give the run of a "suture eval" or a "suture repair".`,
  );
  return runKind(folder.config) === 'repair'
    ? repairRows(folder)
    : evaluationRows(folder, scenariosOf());
}

function* evaluationRows(folder: RunFolder, scenarios: readonly Scenario[]): Generator<FlatRow> {
  const byId = new Map(scenarios.map((scenario) => [scenario.id, scenario]));
  const key = ({ scenario, sample }: { scenario: string; sample: number }) =>
    `${sample} ${scenario}`;
  const places = new Map<string, LinePlace>();
  for (const { value, place } of folder.eachLine<EvalVerdict>('judged.jsonl'))
    places.set(key(value), place);
  const lines =
    places.size > 0 ? new JsonLines<EvalVerdict>(join(folder.dir, 'judged.jsonl')) : undefined;
  try {
    for (const { value: sample } of folder.eachLine<EvalSample>('samples.jsonl')) {
      const place = places.get(key(sample));
      const verdict = place && lines?.read(place);
      yield { ...asked(sample, byId.get(sample.scenario)), ...became(verdict) };
    }
  } finally {
    lines?.close();
  }
}

const asked = (
  { scenario, sample, completion, finishReason, tokens }: EvalSample,
  about: Scenario | undefined,
): FlatRow => ({
  scenario,
  cwe: about?.cwe ?? null,
  language: about?.language ?? null,
  split: about?.split ?? null,
  base: about?.base ?? null,
  sample,
  completion,
  finish_reason: finishReason,
  new_tokens: tokens?.length ?? null,
});

const became = (verdict: EvalVerdict | undefined): FlatRow => ({
  program: verdict?.program ?? null,
  parse: verdict?.parse ?? null,
  builds: verdict?.builds ?? null,
  functional: verdict?.functional ?? null,
  security: verdict?.security ?? null,
  passes: verdict ? passes(verdict) : null,
  secure: verdict ? isSecure(verdict) : null,
  stub: verdict?.stub ?? null,
  degenerate: verdict?.degenerate ?? null,
  refusal: verdict?.refusal ?? null,
  truncated: verdict?.truncated ?? null,
  findings: verdict ? JSON.stringify(verdict.verdict?.findings ?? []) : null,
  introduced: verdict?.introduced.map(({ cwe }) => cwe).join(' ') ?? null,
  reasons: verdict?.reasons.join('\n') ?? null,
});

/** A line of a repair's samples. */
interface Repaired {
  condition: string;
  pair: string;
  base: string;
  intent: string;
  sample: number;
  tokens: number[];
  text: string;
  finishReason: string;
  judgement: Judgement;
}

function* repairRows(folder: RunFolder): Generator<FlatRow> {
  for (const { value } of folder.eachLine<Repaired>('samples.jsonl')) {
    const { condition, pair, base, intent, sample, text, finishReason, tokens, judgement } = value;
    const { outcome, reason, parses, wellFormed, degenerate, truncated, refusal } = judgement;
    yield {
      ...{ condition, pair, base, intent, sample, completion: text },
      ...{ finish_reason: finishReason, new_tokens: tokens.length },
      ...{ outcome, reason, parses, well_formed: wellFormed, degenerate, truncated, refusal },
    };
  }
}

/** Rows as JSON, one a line. */
export function* asJsonLines(rows: Iterable<FlatRow>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** Rows as CSV with a line of names (RFC 4180): what is not known is empty, an empty text is `""`. */
export function* asCsv(rows: Iterable<FlatRow>): Generator<string> {
  let named = false;
  for (const row of rows) {
    if (!named) yield `${Object.keys(row).join(',')}\r\n`;
    named = true;
    yield `${Object.values(row).map(fieldOf).join(',')}\r\n`;
  }
}

function fieldOf(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
