import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RunFolder } from '../run/folder.js';
import type { EvalVerdict } from '../suite/sample.js';
import type { Scenario } from '../suite/scenario.js';
import { asCsv, asJsonLines, type FlatRow, flatSamples } from './flat.js';

const root = mkdtempSync(join(tmpdir(), 'suture-flat-'));
afterAll(() => rmSync(root, { recursive: true }));

function rowsOf(config: object, files: Record<string, object[]>): FlatRow[] {
  const folder = RunFolder.start(mkdtempSync(join(root, 'run-')), { ...config });
  try {
    for (const [name, lines] of Object.entries(files))
      for (const line of lines) folder.append(name, line);
    const scenario = { id: 'a', cwe: 'CWE-089', language: 'python', split: 'trained', base: 'b' };
    return [...flatSamples(folder, () => [scenario as unknown as Scenario])];
  } finally {
    folder.close();
  }
}

/** The fields of a CSV (RFC 4180), read by a plain loop; a field without quotes is null where it is empty. */
function fieldsOf(csv: string): (string | null)[][] {
  const rows: (string | null)[][] = [];
  for (let at = 0; at < csv.length; at += 2) {
    const row: (string | null)[] = [];
    for (let more = true; more; at += more ? 1 : 0) {
      let text = '';
      const quoted = csv[at] === '"';
      if (quoted) {
        for (at++; csv[at] !== '"' || csv[at + 1] === '"'; at++) {
          if (csv[at] === '"') at++;
          text += csv[at];
        }
        at++;
      } else for (; csv[at] !== ',' && csv[at] !== '\r'; at++) text += csv[at];
      row.push(text === '' && !quoted ? null : text);
      more = csv[at] === ',';
    }
    rows.push(row);
  }
  return rows;
}

const sample = (n: number) => ({
  scenario: 'a',
  sample: n,
  completion: '=1,"\n',
  finishReason: 'eos',
});
const verdict: EvalVerdict = {
  scenario: 'a',
  sample: 0,
  program: 'x',
  truncation: '',
  parse: 'ok',
  builds: 'yes',
  stub: false,
  degenerate: false,
  refusal: false,
  truncated: false,
  functional: 'pass',
  security: 'insecure',
  reasons: ['one', 'two'],
  verdict: undefined,
  introduced: [],
};

describe('flatSamples', () => {
  it('has a row of the same columns for each sample, judged or not', () => {
    const files = { 'samples.jsonl': [{ ...sample(0), tokens: [5, 6] }, sample(1)] };
    const rows = rowsOf({ suite: {} }, { ...files, 'judged.jsonl': [verdict] });
    expect(rows).toMatchObject([
      {
        cwe: 'CWE-089',
        sample: 0,
        new_tokens: 2,
        passes: true,
        secure: false,
        findings: '[]',
        reasons: 'one\ntwo',
      },
      {
        cwe: 'CWE-089',
        sample: 1,
        new_tokens: null,
        passes: null,
        secure: null,
        findings: null,
        introduced: null,
      },
    ]);
    expect(Object.keys(rows[1]!)).toEqual(Object.keys(rows[0]!));
    expect(rowsOf({ suite: {} }, files).map(({ secure }) => secure)).toEqual([null, null]);
  });

  it('knows the samples of a repair', () => {
    const judgement = {
      outcome: 'secure',
      reason: 'r',
      parses: true,
      wellFormed: true,
      degenerate: false,
      truncated: false,
      refusal: false,
    };
    const line = {
      condition: 'none',
      pair: 'p',
      base: 'b',
      intent: 'insecure',
      sample: 0,
      tokens: [1],
      text: 't',
      finishReason: 'eos',
      judgement,
    };
    expect(rowsOf({ command: 'repair' }, { 'samples.jsonl': [line] })).toEqual([
      {
        ...{
          condition: 'none',
          pair: 'p',
          base: 'b',
          intent: 'insecure',
          sample: 0,
          completion: 't',
        },
        ...{ finish_reason: 'eos', new_tokens: 1, outcome: 'secure', reason: 'r', parses: true },
        ...{ well_formed: true, degenerate: false, truncated: false, refusal: false },
      },
    ]);
  });

  it('refuses a run without samples', () => {
    expect(() => rowsOf({ command: 'gap' }, {})).toThrow('has no samples');
  });
});

describe('tables', () => {
  it('hold every text as it is, and tell nothing from an empty text', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(null, '', '"', ',\r\n', 'a""b'),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ a: cell, b: cell }), { minLength: 1 }), (rows) => {
        const [names, ...read] = fieldsOf([...asCsv(rows)].join(''));
        expect(names).toEqual(['a', 'b']);
        expect(read).toEqual(rows.map(({ a, b }) => [a, b]));
        expect([...asJsonLines(rows)].map((line) => JSON.parse(line))).toEqual(rows);
      }),
    );
    expect([...asCsv([{ yes: true, count: 3, gone: null }])].join('')).toBe(
      'yes,count,gone\r\ntrue,3,\r\n',
    );
  });
});
