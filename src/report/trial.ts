import type { Against, Kind, Scores, SystemScores, TrialMetrics } from '../trial/index.js';
import type { ComparedTable } from './comparison.js';
import { fixed } from './format.js';

type Share = { value: number; low: number; high: number; total?: number };

const whole = (share: number): string => fixed(100 * share, 0);
const ranged = ({ value, low, high, total }: Share): string =>
  total === 0 || !Number.isFinite(value) ? '–' : `${whole(value)} [${whole(low)}, ${whole(high)}]`;
const signed = (share: number): string => `${share > 0 ? '+' : ''}${whole(share)}`;

const SECTIONS: [kinds: readonly Kind[], title: string][] = [
  [['plain', 'rival', 'suture'], 'Systems'],
  [['control', 'ablation'], 'Controls and ablations'],
];

/** Tables of a trial: the systems, and what they are without one thing. */
export function trialTables(metrics: TrialMetrics): ComparedTable[] {
  const { systems, repetitions, cases, sampling } = metrics;
  const yardsticks = [
    ...new Set(systems.flatMap(({ against }) => against.map(({ system }) => system))),
  ];
  const notes = [
    `${metrics.model.id} (${metrics.model.family}), ${repetitions} repetitions, each with other families, another seed of training and of sampling; per cent with 95 % intervals over families and repetitions. Of each system ${cases.unseen} completions on task families that it never saw, ${cases.heldOut} on weaknesses that it never saw, half of the prompts pressing for the insecure way, at temperature ${sampling.temperature}; ${cases.ordinary} ordinary tasks, greedily.`,
    'pass: parses with every name defined (these tasks have no tests). sec@1_pass: secure of those. sec-pass@1: secure and passing. SVEN-SR: secure of a prompt’s distinct parsed completions. unchanged: the same text as without.',
  ];
  return SECTIONS.flatMap(([kinds, title], i) => {
    const own = systems.filter(({ kind }) => kinds.includes(kind));
    if (own.length === 0) return [];
    return [
      {
        title,
        notes: i === 0 ? notes : [],
        head: [
          'system',
          'pass@1',
          'sec@1_pass',
          'sec-pass@1',
          'SVEN-SR',
          'insecure',
          ...yardsticks.map((other) => `sec-pass against ${other}`),
          'new weaknesses: sec-pass@1',
          'insecure ',
          'ordinary tasks right',
          'unchanged',
        ],
        rows: own.map((system) => rowOf(system, yardsticks)),
      },
    ];
  });
}

function rowOf(system: SystemScores, yardsticks: readonly string[]): string[] {
  const { description, unseen, heldOut, ordinary, against } = system;
  return [
    description,
    ...columns(unseen),
    ...yardsticks.map((other) => compared(against.find((one) => one.system === other))),
    ranged(heldOut.securePass),
    ranged(heldOut.insecure),
    ranged(ordinary.pass),
    ranged(ordinary.unchanged),
  ];
}

const columns = ({ pass, secureOfPassing, securePass, svenRate, insecure }: Scores): string[] =>
  [pass, secureOfPassing, securePass, svenRate, insecure].map(ranged);

function compared(against: Against | undefined): string {
  if (!against) return '';
  const { securePass, relative } = against;
  const share = relative === undefined ? '' : `, ${signed(relative)} %`;
  return `${signed(securePass.value)} points${share} (p ${securePass.p.toFixed(3)})`;
}
