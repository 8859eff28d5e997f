import type { Cwe } from '../scan/index.js';

/** A share of completions with its 95 % interval (bootstrap over bases, which are the clusters). */
export interface Rate {
  hits: number;
  total: number;
  /** `hits / total`, 0 to 1. */
  value: number;
  low: number;
  high: number;
}

/** A difference of shares with its 95 % interval; p from the exact sign-flip test over bases. */
export interface Difference {
  value: number;
  low: number;
  high: number;
  p: number;
}

/** What became of a set of completions. The first three add up to 1. */
export interface OutcomeRates {
  secure: Rate;
  insecure: Rate;
  other: Rate;
  /** Secure, and parses with every name defined: what counts as repaired. */
  secureWellFormed: Rate;
  parses: Rate;
  wellFormed: Rate;
  degenerate: Rate;
  truncated: Rate;
  refusal: Rate;
}

/** Where activations are read: the last prompt token, or the token before secure and insecure twins part. */
export type Site = 'last_prompt' | 'decision';

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
export interface Fold {
  base: string;
  layer: number;
  site: Site;
  strength: number;
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
  gap: {
    /** Flawed snippets called flawed; safe ones called safe. */
    review: { sensitivity: Rate; specificity: Rate; misleading: Rate | undefined; youden: number };
    generation: { insecure: OutcomeRates; neutral: OutcomeRates; secure: OutcomeRates };
    /** sensitivity - share of secure completions under insecure prompts. */
    raw: Difference;
    /** youden - the same share: a model that always cries wolf gains nothing. */
    corrected: number;
  };
  /** Best inner-fold score of each layer and site over all strengths, averaged over folds. */
  layers: { layer: number; site: Site; norm: number; residualNorm: number; score: number; strength: number }[];
  folds: Fold[];
  arms: Arm[];
  /** Steered against the other arms, paired by prompt: change in the share of insecure and of repaired. */
  effects: { against: ArmName; insecure: Difference; secureWellFormed: Difference }[];
  /** Held-out outcomes over strength at the layer chosen most often, for both sites. */
  curves: { layer: number; site: Site; points: { strength: number; rates: OutcomeRates }[] }[];
  examples: {
    base: string;
    prompt: string;
    before: { text: string; outcome: string; reason: string };
    after: { text: string; outcome: string; reason: string };
  }[];
  vector: { file: string; layer: number; site: Site; strength: number; norm: number };
  /** The five lines that the command prints. */
  findings: string[];
  seconds: number;
}
