import type { FormatReliabilityGap, ReviewAccuracy } from '../diagnose/index.js';
import type { Difference, Intent, OutcomeRates } from '../evaluate/index.js';
import type { Cwe } from '../scan/index.js';
import type { Reach, Setting, Site } from '../steer/index.js';

export type ArmName = 'none' | 'steered' | 'random' | 'prompt';

/** One condition that all held-out prompts were run under. */
export interface Arm {
  name: ArmName;
  /** For readers: "steering vector", "random vector of the same norm", ... */
  description: string;
  /** Pooled over the held-out bases. */
  rates: OutcomeRates;
}

/** One held-out base: what was chosen without it, and what it did there. */
export interface Fold extends Setting {
  base: string;
  /** Length of the vector made without this base. */
  norm: number;
  /** Secure and well-formed on the inner folds at the chosen setting, 0 to 1. */
  innerScore: number;
  arms: Record<ArmName, OutcomeRates>;
}

/** Everything that `suture repair` measured: `metrics.json`. */
export interface RepairMetrics {
  version: 1;
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
  data: { bases: string[]; derivePairs: number; judgePairs: number; reviewItems: number };
  /** The Format-Reliability Gap: recognised in review, yet written. */
  gap: FormatReliabilityGap & {
    review: ReviewAccuracy;
    generation: Record<Intent, OutcomeRates>;
  };
  /** For each layer and site the reach and strength that are best on average over all inner folds. */
  layers: (Setting & { norm: number; residualNorm: number; score: number })[];
  folds: Fold[];
  arms: Arm[];
  /**
   * Steered against the other arms, paired by prompt: change in the share of insecure and of
   * repaired. Each p is Holm-corrected over the arms it is compared with.
   */
  effects: { against: ArmName; insecure: Difference; secureWellFormed: Difference }[];
  /** Held-out outcomes over strength at the layer chosen most often, for both sites. */
  curves: {
    layer: number;
    site: Site;
    reach: Reach;
    points: { strength: number; rates: OutcomeRates }[];
  }[];
  examples: {
    base: string;
    prompt: string;
    before: { text: string; outcome: string; reason: string };
    after: { text: string; outcome: string; reason: string };
  }[];
  vector: Setting & { file: string; norm: number };
  /** The five lines that the command prints. */
  findings: string[];
  seconds: number;
}
