import type { FormatReliabilityGap, ReviewAccuracy } from '../diagnose/index.js';
import type { Difference, Intent, OutcomeRates } from '../evaluate/index.js';
import type { Cwe } from '../scan/index.js';
import type { Method, Quality, Reach, Setting, Site } from '../steer/index.js';
import type { ArmKind } from './arms.js';
import type { Utility } from './utility.js';

/** The arms that are compared before any other was looked at: their p stand for themselves. */
export const PRIMARY = ['none', 'steered', 'random', 'prompt'] as const;
export type PrimaryArm = (typeof PRIMARY)[number];

/** One condition that all held-out prompts were run under. */
export interface Arm {
  /** `none`, `steered`, `random`, `prompt`, and others (src/repair/arms.ts). */
  name: string;
  kind: ArmKind;
  /** For readers: "steering vector", "security reminder in the prompt", ... */
  description: string;
  /** Pooled over the held-out bases, and over draws where there are several. */
  rates: OutcomeRates;
  /** Different texts among the completions: what repeats is no more evidence than once. */
  distinct: number;
}

/** A comparison of the steered arm with another, paired by prompt and sample. */
export interface Effect {
  against: string;
  /** One of the comparisons that were planned: p is Holm-corrected over these three; else over all arms together (max-T). */
  primary: boolean;
  insecure: Difference;
  secureWellFormed: Difference;
}

/** One held-out base: what was chosen without it, and what it did there. */
export interface Fold extends Setting {
  base: string;
  /** Length of the vector made without this base. */
  norm: number;
  /** Secure and well-formed on the inner folds at the chosen setting, 0 to 1. */
  innerScore: number;
  /** Share of the bounding ordinary tasks that this vector loses there; undefined where there are none. */
  ordinaryLoss?: number;
  arms: Record<PrimaryArm, OutcomeRates>;
}

/** Everything that `suture repair` measured: `metrics.json`. */
export interface RepairMetrics {
  version: 2;
  suture: string;
  /** ISO 8601. */
  created: string;
  model: {
    id: string;
    family: string;
    nLayers: number;
    dModel: number;
    hash: string;
    tokenizerHash: string;
  };
  cwe: Cwe;
  seed: number;
  sampling: { samplesPerPrompt: number; temperature: number; topP: number; maxNewTokens: number };
  data: {
    bases: string[];
    derivePairs: number;
    judgePairs: number;
    reviewItems: number;
    /** Those that judge, and those of other families that bound the choice of settings. */
    ordinaryTasks: number;
    boundingTasks: number;
  };
  /** The Format-Reliability Gap: recognised in review, yet written. */
  gap: FormatReliabilityGap & {
    review: ReviewAccuracy;
    generation: Record<Intent, OutcomeRates>;
  };
  /** What a setting may cost to be chosen, and how many folds had to choose one that costs more. */
  quality: Quality & { exceeded: number };
  /** For each layer and site the setting that is best on average over all inner folds. */
  layers: (Setting & {
    norm: number;
    residualNorm: number;
    score: number;
    /** Mean cosine between vectors made from halves of the pairs. */
    stability: number;
  })[];
  folds: Fold[];
  arms: Arm[];
  /** Steered against every other arm: change in the share of insecure and of repaired. */
  effects: Effect[];
  /** Prompts that ask for neither way, without and with the vector: does it hurt where the model was right? */
  neutral: {
    before: OutcomeRates;
    after: OutcomeRates;
    insecure: Difference;
    secureWellFormed: Difference;
  };
  /** Ordinary tasks under the primary arms, with the vector for use; undefined where there are none. */
  utility: Record<PrimaryArm, Utility> | undefined;
  /** Held-out outcomes over strength: at the layer chosen most often for each site, there with random vectors, and at the last layer. */
  curves: {
    method: Method;
    layer: number;
    site: Site;
    reach: Reach;
    /** Random vectors of the same norms in place of the vectors. */
    random: boolean;
    points: {
      strength: number;
      rates: OutcomeRates;
      /** Share of repaired completions by base. */
      byBase: Record<string, number>;
    }[];
  }[];
  examples: {
    base: string;
    prompt: string;
    before: { text: string; outcome: string; reason: string };
    after: { text: string; outcome: string; reason: string };
  }[];
  vector: Setting & {
    file: string;
    norm: number;
    /** Cosines of the angles to vectors made in the same way for other weaknesses. */
    cosines: Partial<Record<Cwe, number>>;
  };
  /** The five lines that the command prints. */
  findings: string[];
  seconds: number;
}
