import type { OutcomeRates } from '../evaluate/index.js';
import type { ArmKind, PrimaryArm, RepairMetrics } from '../repair/index.js';
import type { Cwe } from '../scan/index.js';
import type { Reach, Site } from '../steer/index.js';

/** What each weakness is called, and what it means to someone who has not met it. */
export const WEAKNESSES: Readonly<Record<Cwe, { name: string; meaning: string }>> = {
  'CWE-787': {
    name: 'out-of-bounds write',
    meaning: 'C code that can write past the end of a buffer',
  },
  'CWE-119': {
    name: 'unbounded copy',
    meaning: 'C code that copies or reads input without regard to the size of the buffer',
  },
  'CWE-134': {
    name: 'format string',
    meaning: 'C code that lets outside text act as a format string',
  },
  'CWE-089': {
    name: 'SQL injection',
    meaning: 'Python code that pastes outside text into an SQL statement',
  },
  'CWE-078': {
    name: 'command injection',
    meaning: 'Python code that pastes outside text into a shell command',
  },
  'CWE-079': {
    name: 'cross-site scripting',
    meaning: 'Python code that pastes outside text into a web page unescaped',
  },
};

export const ARM_LABELS: Readonly<Record<PrimaryArm, string>> = {
  none: 'no steering',
  steered: 'steered',
  random: 'random vector',
  prompt: 'reminder',
};

/** What arms beside the four that were planned and those of leaks are for. */
export const ARM_KINDS: readonly { kind: ArmKind; title: string; meaning: string }[] = [
  {
    kind: 'repair',
    title: 'The same repair otherwise',
    meaning: 'at the last layer where folds chose another; with a reminder in the prompt as well',
  },
  {
    kind: 'control',
    title: 'Vectors that should do nothing',
    meaning:
      'as long as the vector, at the same place: what they repair is not what the data say of this weakness',
  },
  {
    kind: 'prompt',
    title: 'Words in the prompt',
    meaning: 'no vector; one that only speaks of style or form shows what any preamble does',
  },
  { kind: 'sampling', title: 'Sampling', meaning: 'no vector' },
];

/** What is shown of arms beside the four that were planned. */
export const COMPARED_OUTCOMES = [
  'insecure',
  'secureWellFormed',
  'other',
  'wellFormed',
  'degenerate',
  'refusal',
] as const;

export const SITE_LABELS: Readonly<Record<Site, string>> = {
  last_prompt: 'last prompt token',
  decision: 'decision point',
  changed: 'changed tokens',
  mean: 'all tokens',
};

/** Where the vector is added. */
export const REACH_LABELS: Readonly<Record<Reach, string>> = {
  last_prompt_and_generated: 'end & generated',
  until_decided: 'until decided',
  last_prompt: 'end only',
};

export const OUTCOME_LABELS: Readonly<Record<keyof OutcomeRates, string>> = {
  secure: 'secure',
  insecure: 'insecure',
  other: 'other',
  secureWellFormed: 'secure & well-formed',
  parses: 'parses',
  wellFormed: 'well-formed',
  degenerate: 'degenerate',
  truncated: 'truncated',
  refusal: 'refusal',
};

/** The held-out outcomes of one arm, or `undefined` where it was not run. */
export function ratesOf(metrics: RepairMetrics, name: PrimaryArm): OutcomeRates | undefined {
  return metrics.arms.find((arm) => arm.name === name)?.rates;
}

/** The command that measures the same again. */
export function reproduceCommand({ model, cwe, seed, sampling }: RepairMetrics): string {
  const id = /^[\w./:@+-]+$/.test(model.id) ? model.id : `'${model.id.replaceAll("'", "'\\''")}'`;
  return `npx suture repair --model ${id} --cwe ${cwe} --seed ${seed} --samples ${sampling.samplesPerPrompt}`;
}
