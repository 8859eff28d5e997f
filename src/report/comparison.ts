import type { EvalMetrics } from '../evaluate/index.js';
import type { RepairMetrics } from '../repair/index.js';
import { fixed, hasData } from './format.js';
import { html, visible } from './html.js';
import { page, scrolling } from './page.js';

/** A run that others are compared with. */
export type ComparedRun =
  | { kind: 'repair'; dir: string; metrics: RepairMetrics }
  | { kind: 'eval'; dir: string; label: string; metrics: EvalMetrics };

/** Runs of one kind, a row each. */
export interface ComparedTable {
  title: string;
  /** What the columns mean, and what the rows come to. */
  notes: string[];
  head: string[];
  rows: string[][];
}

type Share = { value: number; low: number; high: number };

/** How a column is made of a run. */
type Columns<T> = readonly (readonly [head: string, cell: (of: T) => string])[];

const whole = (share: number): string => fixed(100 * share, 0);
const ranged = ({ value, low, high }: Share): string =>
  Number.isFinite(value) ? `${whole(value)} [${whole(low)}, ${whole(high)}]` : '–';
const signed = (share: number): string => (share > 0 ? `+${whole(share)}` : whole(share));

const ratesOf = ({ arms }: RepairMetrics, name: string) =>
  arms.find((arm) => arm.name === name)?.rates;
const insecure = (metrics: RepairMetrics, name: string) => ratesOf(metrics, name)!.insecure;
const repaired = (metrics: RepairMetrics, name: string) => {
  const rate = ratesOf(metrics, name)?.secureWellFormed;
  return hasData(rate) ? rate : undefined;
};
const repairedShare = (metrics: RepairMetrics, name: string) => {
  const rate = repaired(metrics, name);
  return rate ? whole(rate.value) : '–';
};
const against = (metrics: RepairMetrics, name: string) =>
  metrics.effects.find((effect) => effect.against === name)!.secureWellFormed;

/** From the least to the most that some arms repair. */
const spanOf = (arms: RepairMetrics['arms']): string => {
  const shares = arms.map(({ rates }) => rates.secureWellFormed.value);
  return shares.length === 0
    ? '–'
    : `${whole(Math.min(...shares))} to ${whole(Math.max(...shares))}`;
};

/** Share of the insecure completions that are gone. */
const fall = (metrics: RepairMetrics): number =>
  1 - insecure(metrics, 'steered').value / insecure(metrics, 'none').value;

const REPAIR: Columns<RepairMetrics> = [
  ['model', ({ model }) => `${model.id} (${model.family})`],
  ['weakness', ({ cwe }) => cwe],
  ['insecure before', (m) => whole(insecure(m, 'none').value)],
  ['steered', (m) => ranged(insecure(m, 'steered'))],
  ['fall', (m) => (insecure(m, 'none').hits === 0 ? '–' : `${whole(fall(m))} %`)],
  ['repaired before', (m) => repairedShare(m, 'none')],
  ['steered ', (m) => ranged(repaired(m, 'steered')!)],
  ['p', (m) => against(m, 'none').p.toFixed(3)],
  ['last layer', (m) => (repaired(m, 'last layer') ? repairedShare(m, 'last layer') : 'same')],
  ['random', (m) => repairedShare(m, 'random')],
  ['shuffled', (m) => repairedShare(m, 'shuffled')],
  ['orthogonal', (m) => repairedShare(m, 'orthogonal')],
  ['other vectors', (m) => spanOf(m.arms.filter(({ name }) => name.startsWith('other ')))],
  ['reminder', (m) => repairedShare(m, 'prompt')],
  [
    'vector − reminder',
    (m) => `${signed(against(m, 'prompt').value)} (p ${against(m, 'prompt').p.toFixed(3)})`,
  ],
  ['vector and reminder', (m) => repairedShare(m, 'prompt and vector')],
  ['all families (leak)', (m) => repairedShare(m, 'global')],
  [
    'ordinary tasks',
    ({ utility }) =>
      utility ? `${whole(utility.none.pass.value)} → ${whole(utility.steered.pass.value)}` : '–',
  ],
];

type Evaluation = Extract<ComparedRun, { kind: 'eval' }>;
const at = (k: number, name: 'pass@k' | 'sec@k' | 'sec-pass@k' | 'sec@k_pass') =>
  [
    name.replace('k', String(k)),
    ({ metrics }: Evaluation) => {
      const estimate = metrics[name][k];
      return estimate ? ranged(estimate) : '–';
    },
  ] as const;

const EVAL: Columns<Evaluation> = [
  ['run', ({ dir }) => dir],
  ['of', ({ label }) => label],
  ['samples', ({ metrics }) => String(metrics.samples)],
  at(1, 'pass@k'),
  at(1, 'sec@k'),
  at(1, 'sec-pass@k'),
  at(1, 'sec@k_pass'),
  ['SVEN-SR', ({ metrics }) => ranged(metrics['SVEN-SR'])],
  ['other weakness', ({ metrics }) => ranged(metrics.introduced)],
];

const tableOf = <T>(title: string, notes: string[], columns: Columns<T>, of: readonly T[]) => ({
  title,
  notes,
  head: columns.map(([head]) => head.trim()),
  rows: of.map((one) => columns.map(([, cell]) => cell(one))),
});

/** What the paper claims at best, and what a repair may cost: goals that were set before any run. */
const GOAL = { fall: 0.74, utility: 0.02 };

/** Runs side by side: a table for each kind that is there. */
export function comparisonOf(runs: readonly ComparedRun[]): ComparedTable[] {
  const repairs = runs.flatMap((run) => (run.kind === 'repair' ? [run.metrics] : []));
  const evaluations = runs.flatMap((run) => (run.kind === 'eval' ? [run] : []));
  return [
    ...(repairs.length > 0 ? [tableOf('Repairs', repairNotes(repairs), REPAIR, repairs)] : []),
    ...(evaluations.length > 0
      ? [
          tableOf(
            'Evaluations',
            ['Per cent with 95 % intervals over scenarios.'],
            EVAL,
            evaluations,
          ),
        ]
      : []),
  ];
}

function repairNotes(repairs: readonly RepairMetrics[]): string[] {
  const of = (holds: (metrics: RepairMetrics) => boolean) => repairs.filter(holds).length;
  const n = repairs.length;
  const wins = (name: string) =>
    of((m) => against(m, name).value > 0 && against(m, name).p <= 0.05);
  const costs = repairs.flatMap(({ utility }) => (utility ? [utility.steered.change.value] : []));
  const kept = costs.filter((change) => change >= -GOAL.utility).length;
  return [
    'Under prompts that push towards the flaw, on task families held out in turn: per cent with 95 % intervals. Repaired: secure and well-formed; p against no steering, Holm-corrected. From “last layer” on, the share repaired under other conditions on the same prompts.',
    `Insecure completions fall by ${whole(GOAL.fall)} % or more in ${of((m) => fall(m) >= GOAL.fall)} of ${n}. More are repaired than without (p ≤ 0.05) in ${wins('none')}, than with a reminder in the prompt in ${wins('prompt')}${costs.length > 0 ? `; ordinary tasks lose at most ${whole(GOAL.utility)} points in ${kept} of ${costs.length}` : ''}.`,
  ];
}

/** As Markdown. */
export function comparisonAsMarkdown(tables: readonly ComparedTable[]): string {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => visible(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return tables
    .map(({ title, notes, head, rows }) =>
      [
        `## ${title}`,
        ...notes.flatMap((note) => ['', note]),
        '',
        row(head),
        row(head.map(() => '---')),
        ...rows.map(row),
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** As one HTML file that needs nothing else. */
export function renderComparison(tables: readonly ComparedTable[]): string {
  return page(
    'Runs compared',
    html`<header><p class="kicker">suture report</p><h1>Runs compared</h1></header>
${tables.map(
  ({ title, notes, head, rows }) => html`<section>
<h2>${title}</h2>
${notes.map((note) => html`<p>${note}</p>\n`)}${scrolling(
  'arms',
  `${title}, a row for each run.`,
  html`<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>\n`)}</tbody>`,
)}
</section>`,
)}`,
  );
}
