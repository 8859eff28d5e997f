import { describe, expect, it } from 'vitest';
import type { EvalMetrics } from '../evaluate/index.js';
import { type ComparedRun, comparisonAsMarkdown, comparisonOf, renderComparison } from './index.js';
import { outcomes, plausibleMetrics } from './testing/metrics.js';

const repair = (changes: Partial<ReturnType<typeof plausibleMetrics>> = {}): ComparedRun => ({
  kind: 'repair',
  dir: 'runs/a',
  metrics: { ...plausibleMetrics(), ...changes },
});
const estimate = (value: number) => ({ value, low: value / 2, high: 1, scenarios: 4 });
const evaluation = (label: string): ComparedRun => ({
  kind: 'eval',
  dir: `runs/${label}`,
  label,
  metrics: {
    'pass@k': { 1: estimate(0.5) },
    'sec@k': { 1: estimate(0.25) },
    'sec-pass@k': { 1: estimate(0.2) },
    'sec@k_pass': {},
    'SVEN-SR': estimate(Number.NaN),
    introduced: estimate(0),
    samples: 40,
  } as unknown as EvalMetrics,
});

const cell = (run: ComparedRun, head: string): string => {
  const [table] = comparisonOf([run]);
  return table!.rows[0]![table!.head.indexOf(head)]!;
};

describe('comparisonOf', () => {
  it('gives each kind of run its table, and each run a row', () => {
    const tables = comparisonOf([evaluation('base'), repair(), evaluation('steered'), repair()]);
    expect(tables.map(({ title, rows }) => [title, rows.length])).toEqual([
      ['Repairs', 2],
      ['Evaluations', 2],
    ]);
    for (const { head, rows } of tables) {
      for (const row of rows) expect(row).toHaveLength(head.length);
    }
    expect(comparisonOf([])).toEqual([]);
  });

  it('tells how far insecure completions fall', () => {
    const { arms } = plausibleMetrics();
    const with_ = (before: number, after: number) =>
      repair({
        arms: arms.map((arm) => {
          if (arm.name === 'none') return { ...arm, rates: outcomes(0, before, 100) };
          return arm.name === 'steered' ? { ...arm, rates: outcomes(50, after, 100) } : arm;
        }),
      });
    expect(cell(with_(80, 20), 'fall')).toBe('75 %');
    expect(cell(with_(50, 75), 'fall')).toBe('−50 %');
    expect(cell(with_(0, 0), 'fall')).toBe('–');
    const notes = (...runs: ComparedRun[]) => comparisonOf(runs)[0]!.notes.join(' ');
    expect(notes(with_(80, 20), with_(80, 40))).toContain('fall by 74 % or more in 1 of 2');
  });

  it('shows what was not measured as such', () => {
    expect(cell(repair({ utility: undefined }), 'ordinary tasks')).toBe('–');
    const { arms } = plausibleMetrics();
    const alone = repair({ arms: arms.filter(({ name }) => name !== 'last layer') });
    expect(cell(alone, 'last layer')).toBe('same');
    expect(cell(evaluation('base'), 'sec@1_pass')).toBe('–');
    expect(cell(evaluation('base'), 'SVEN-SR')).toBe('–');
    expect(cell(evaluation('base'), 'pass@1')).toBe('50 [25, 100]');
  });
});

describe('what it is written as', () => {
  const hostile = comparisonOf([evaluation('a|b <script>')]);
  it('Markdown keeps its columns', () => {
    const lines = comparisonAsMarkdown(hostile).split('\n');
    const rows = lines.filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(3);
    expect(rows[2]).toContain('a\\|b <script>');
    const columns = (row: string) => row.match(/(?<!\\)\|/g)!.length;
    expect(new Set(rows.map(columns)).size).toBe(1);
  });
  it('HTML holds it as text', () => {
    const page = renderComparison(hostile);
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain('a|b &lt;script&gt;');
    expect(page).not.toContain('<script');
  });
});
