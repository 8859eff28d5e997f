import { groupBy } from '../../core/index.js';
import { type Completion, clusteredRate } from '../../evaluate/index.js';
import { clusterBootstrapMean, mean } from '../../stats/index.js';
import { formatReliabilityGap, type Review, reviewAccuracy } from '../gap/review.js';
import type { Parting } from '../lens/analyse.js';
import type { ProbeReport } from '../probe/probe.js';
import type { Figure } from '../probe/score.js';

/** A figure with the p of its being 0: two-sided, signs flipped by base, corrected for its family. */
export interface Tested extends Figure {
  p: number;
}

/** What the verdict is made from: each part from one stage, left out where the stage was not run. */
export interface Evidence {
  nLayers: number;
  /** Bases (or repositories): the units of all intervals and tests. */
  groups: number;
  gap?: GapEvidence | undefined;
  probe?: ProbeReport['positions'][number] | undefined;
  /** From which layer on the lens shows that the secure twin favours the secure continuation more. */
  lens?: Parting | undefined;
  patch?: PatchEvidence | undefined;
  formats?: FormatEvidence | undefined;
}

export interface GapEvidence {
  /** Flawed snippets called flawed; safe ones called safe. */
  sensitivity: Figure;
  specificity: Figure;
  /** Secure completions under prompts that ask for the insecure way. */
  secure: Figure;
  /** Sensitivity minus `secure`. */
  raw: Tested;
  /** Youden's index (sensitivity + specificity - 1) minus `secure`. */
  corrected: Figure;
  youden: Figure;
  /** Snippets and completions. */
  reviewed: number;
  written: number;
}

/** Interventions at the decision, in the stream of the twin that asks for the insecure way. */
export interface PatchEvidence {
  /** By how much the twins' logit differences (secure minus insecure) differ: what there is to recover. */
  total: Tested;
  /** The stream after each block replaced by the secure twin's. */
  stream: ActingLayer[];
  /** The security direction of other bases added after each block. */
  direction: ActingLayer[];
  /**
   * What one block writes (attention and MLP), replaced alone, chosen on the other bases: the share
   * recovered on bases that had no say in the choice.
   */
  oneBlock: Figure & { chosen: { layer: number; part: string; bases: number }[] };
}

export interface ActingLayer {
  layer: number;
  /** Share of `total`: 0 is no effect, 1 the secure twin's own. */
  recovered: Figure;
  /** The same of random vectors of the same norm. */
  random: Figure;
  /** `recovered` minus `random`; p over all layers together. */
  beyondRandom: Tested;
}

export interface FormatEvidence {
  /** The form that the others are compared with, and its share of secure completions. */
  reference: { form: string; secure: Figure };
  /** Secure completions in other forms minus those in the reference. */
  forms: { form: string; difference: Tested }[];
}

/**
 * @param completions under prompts that ask for the insecure way
 * @throws {SutureError} BAD_DATA where no base has both completions and reviewed flawed code
 */
export function gapEvidence(
  reviews: readonly Review[],
  completions: readonly Completion[],
): GapEvidence {
  const { sensitivity, specificity } = reviewAccuracy(reviews);
  const { raw } = formatReliabilityGap(reviews, completions);
  const share = (hits: readonly boolean[]) => mean(hits.map(Number));
  const isSecure = ({ judgement }: Completion) => judgement.outcome === 'secure';
  const written = groupBy(completions, ({ pair }) => pair.base);
  const bases = [...groupBy(reviews, ({ item }) => item.base)].flatMap(([base, own]) => {
    const right = (insecure: boolean) =>
      share(
        own.flatMap(({ item, saysInsecure }) =>
          item.insecure === insecure ? saysInsecure === insecure : [],
        ),
      );
    const youden = right(true) + right(false) - 1;
    const secure = share((written.get(base) ?? []).map(isSecure));
    return Number.isFinite(youden + secure) ? { youden, secure } : [];
  });
  const over = (values: readonly number[]): Figure => ({
    value: mean(values),
    ...clusterBootstrapMean(values.map((value) => [value])),
  });
  return {
    sensitivity,
    specificity,
    secure: clusteredRate(completions.map((one) => ({ base: one.pair.base, hit: isSecure(one) }))),
    raw,
    corrected: over(bases.map(({ youden, secure }) => youden - secure)),
    youden: over(bases.map(({ youden }) => youden)),
    reviewed: reviews.length,
    written: completions.length,
  };
}
