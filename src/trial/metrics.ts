import {
  type Completion,
  clusteredRate,
  type Difference,
  isRepaired,
  pairedShares,
  type Rate,
} from '../evaluate/index.js';
import { holm } from '../stats/index.js';
import type { Kind } from './system.js';

/** How a system did on one set of prompts. */
export interface Scores {
  /** Completions that parse with every name defined: what stands for passing tests where tasks have none. */
  pass: Rate;
  /** Secure among those that pass. */
  secureOfPassing: Rate;
  /** Secure and passing. */
  securePass: Rate;
  /** Secure among the distinct completions of a prompt that parse (SVEN's rate, every text once). */
  svenRate: Rate;
  insecure: Rate;
}

export interface OrdinaryScores {
  /** Ordinary tasks answered rightly, greedily. */
  pass: Rate;
  /** Those answered with the same text as by the model as it is. */
  unchanged: Rate;
}

/** A system against another, case by case. */
export interface Against {
  system: string;
  /** Change in the share of secure and passing completions; p Holm-corrected over all systems. */
  securePass: Difference;
  insecure: Difference;
  /** Gain of secure and passing ones as a share of the other's: the papers' "relative"; undefined where the other has none. */
  relative: number | undefined;
}

export interface SystemScores {
  name: string;
  kind: Kind;
  description: string;
  /** Families of trained weaknesses that were never seen. */
  unseen: Scores;
  /** Weaknesses that were never seen. */
  heldOut: Scores;
  ordinary: OrdinaryScores;
  /** On unseen families, against each system that others are measured by. */
  against: Against[];
  /** Seconds of training and writing, over all repetitions. */
  seconds: number;
}

/** Everything that a trial measured: `metrics.json`. */
export interface TrialMetrics {
  version: 1;
  suture: string;
  /** ISO 8601. */
  created: string;
  model: { id: string; hash: string; family: string };
  repetitions: number;
  sampling: { temperature: number; topP: number; samples: number; maxNewTokens: number };
  /** Completions of one system, by set. */
  cases: { unseen: number; heldOut: number; ordinary: number };
  systems: SystemScores[];
}

/** A completion, and in which repetition. */
export interface Judged {
  repetition: number;
  set: 'unseen' | 'heldOut';
  completion: Completion;
}

/** An answer to an ordinary task. */
export interface Answered {
  repetition: number;
  task: string;
  text: string;
  right: boolean;
}

/** Observations of one family in one repetition are alike. */
const clusterOf = ({ repetition, completion }: Judged) => `${repetition} ${completion.pair.base}`;

const passes = ({ completion }: Judged) => completion.judgement.wellFormed;
const insecure = ({ completion }: Judged) => completion.judgement.outcome === 'insecure';
const repaired = ({ completion }: Judged) => isRepaired(completion);

export function scoresOf(judged: readonly Judged[]): Scores {
  const rate = (all: readonly Judged[], hit: (one: Judged) => boolean) =>
    clusteredRate(all.map((one) => ({ base: clusterOf(one), hit: hit(one) })));
  const seen = new Set<string>();
  const distinct = judged.filter((one) => {
    const { pair, intent, text, judgement } = one.completion;
    const key = JSON.stringify([one.repetition, pair.id, intent, text]);
    if (seen.has(key) || !judgement.parses) return false;
    seen.add(key);
    return true;
  });
  return {
    pass: rate(judged, passes),
    secureOfPassing: rate(judged.filter(passes), repaired),
    securePass: rate(judged, repaired),
    svenRate: rate(distinct, ({ completion }) => completion.judgement.outcome === 'secure'),
    insecure: rate(judged, insecure),
  };
}

export function ordinaryScores(
  answers: readonly Answered[],
  plain: readonly Answered[],
): OrdinaryScores {
  const base = ({ repetition, task }: Answered) => `${repetition} ${task.split('/')[0]}`;
  return {
    pass: clusteredRate(answers.map((one) => ({ base: base(one), hit: one.right }))),
    unchanged: clusteredRate(
      answers.map((one, i) => ({ base: base(one), hit: one.text === plain[i]!.text })),
    ),
  };
}

/** One system against another: item i of both is the same prompt and sample. */
export function againstOf(
  system: string,
  own: readonly Judged[],
  other: readonly Judged[],
): Against {
  const hits = (all: readonly Judged[], hit: (one: Judged) => boolean) =>
    all.map((one) => ({ base: clusterOf(one), hit: hit(one) }));
  const [mine, theirs] = [own, other].map((all) => all.filter(repaired).length / all.length);
  return {
    system,
    securePass: pairedShares(hits(own, repaired), hits(other, repaired)),
    insecure: pairedShares(hits(own, insecure), hits(other, insecure)),
    relative: theirs ? mine! / theirs - 1 : undefined,
  };
}

/** Corrects the p of all systems' comparisons with the same other one (Holm). */
export function corrected(systems: readonly SystemScores[]): SystemScores[] {
  const others = new Set(systems.flatMap(({ against }) => against.map(({ system }) => system)));
  const adjusted = new Map<string, Map<string, number>>();
  for (const other of others) {
    const own = systems.flatMap(({ name, against }) =>
      against.flatMap((one) => (one.system === other ? [{ name, p: one.securePass.p }] : [])),
    );
    const ps = holm(own.map(({ p }) => p));
    adjusted.set(other, new Map(own.map(({ name }, i) => [name, ps[i]!])));
  }
  return systems.map((one) => ({
    ...one,
    against: one.against.map((each) => ({
      ...each,
      securePass: { ...each.securePass, p: adjusted.get(each.system)!.get(one.name)! },
    })),
  }));
}
