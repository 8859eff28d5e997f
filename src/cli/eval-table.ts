import type { Comparison, Estimate, EvalMetrics } from '../evaluate/index.js';
import { formatTable } from './format.js';

const percent = (share: number) => (Number.isNaN(share) ? '-' : (100 * share).toFixed(1));
const interval = ({ low, high }: { low: number; high: number }) =>
  `[${(100 * low).toFixed(0)}, ${(100 * high).toFixed(0)}]`;
const estimate = (e: Estimate) =>
  Number.isNaN(e.value) ? '-' : `${percent(e.value)} ${interval(e)}`;

/** Metrics for a terminal: per cent with 95 % intervals. */
export function showMetrics(metrics: EvalMetrics): string {
  const ks = Object.keys(metrics['pass@k']).map(Number);
  const names = ['pass@k', 'sec@k', 'sec-pass@k', 'sec@k_pass'] as const;
  const atK = names.flatMap((name) =>
    ks.map((k) => [name.replace('@k', `@${k}`), estimate(metrics[name][k]!)]),
  );
  const { pooled, undetermined, stubs } = metrics;
  const rows = [
    ...atK,
    ['pass, pooled', estimate(pooled.pass)],
    ['secure & pass, pooled', estimate(pooled.securePass)],
    ['secure of those that pass, pooled', estimate(pooled.secureOfPassed)],
    ['SVEN-SR', estimate(metrics['SVEN-SR'])],
    ['SVEN-SR, unique programs', estimate(metrics['SVEN-SR unique'])],
    ['brings in another weakness', estimate(metrics.introduced)],
    [
      'nobody can tell: function, security',
      `${percent(undetermined.functional)}, ${percent(undetermined.security)}`,
    ],
    ['empty or trivial', percent(stubs)],
  ];
  const groups = (by: EvalMetrics['byCwe']) =>
    Object.entries(by).map(([name, own]) => [
      name,
      String(own.samples),
      estimate(own.pooled.pass),
      estimate(own.pooled.secure),
      estimate(own.pooled.securePass),
    ]);
  const header = ['', 'samples', 'pass', 'secure', 'secure & pass'];
  const left =
    metrics.leftOut.length > 0 ? `\nToo few samples for k = ${metrics.leftOut.join(', ')}.\n` : '';
  return [
    `${metrics.samples} samples, ${metrics.unique} different programs, ${metrics.byScenario.length} scenarios; per cent with 95 % intervals\n\n`,
    formatTable(rows),
    '\n',
    formatTable([header, ...groups(metrics.byCwe), ...groups(metrics.bySplit)]),
    left,
  ].join('');
}

/** A comparison for a terminal. */
export function showComparison(found: Comparison, a: string, b: string, listed: number): string {
  const signed = (x: number) => `${x > 0 ? '+' : ''}${(100 * x).toFixed(1)}`;
  const rows = found.changes.map((change) => [
    change.metric,
    percent(change.a),
    percent(change.b),
    `${signed(change.difference)} ${interval(change)}`,
    change.p.toFixed(4),
    change.adjusted.toFixed(4),
  ]);
  const flips = found.flips
    .slice(0, listed)
    .map(({ scenario, sample, metric, from }) => [
      scenario,
      String(sample),
      metric,
      from ? 'yes -> no' : 'no -> yes',
    ]);
  const more = found.flips.length - flips.length;
  return [
    `A  ${a}\nB  ${b}\n`,
    `${found.pairs} samples of ${found.bases} bases in both; ${found.onlyA} only in A, ${found.onlyB} only in B\n\n`,
    formatTable([['', 'A', 'B', 'B - A', 'p', 'p (Holm)'], ...rows]),
    flips.length > 0 ? `\nFlipped:\n${formatTable(flips)}` : '',
    more > 0 ? `... and ${more} more (--json lists all)\n` : '',
  ].join('');
}
