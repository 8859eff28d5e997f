import type { GapFindings } from '../gap/analyse.js';
import type { Form } from '../gap/forms.js';
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
  /** Tokens made mean embeddings: what is recovered of the way to the neutral prompt's choice. */
  tokens: { which: 'asking' | 'template'; recovered: Figure }[];
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
  /** As asked: secure completions under insecure prompts, and flawed code called flawed. */
  secure: Figure;
  flagged: Figure;
  /** What other forms of the answer change; `line` asks for none. p over all comparisons together. */
  effects: { form: Form; what: 'secure' | 'flagged'; difference: Tested }[];
  /** What says nothing, and why. */
  silent: { form: Form; what: 'secure' | 'flagged'; why: string }[];
}

/** The gap as asked. */
export function gapEvidence({ gap, reviews, generation }: GapFindings): GapEvidence {
  const { issue, trueNegative, youden } = reviews.find(({ form }) => form === 'asked')!;
  const { secure } = generation.find(
    ({ form, intent }) => form === 'asked' && intent === 'insecure',
  )!.rates;
  return {
    sensitivity: issue,
    specificity: trueNegative,
    secure,
    ...gap,
    youden,
    reviewed: issue.total + trueNegative.total,
    written: secure.total,
  };
}

/** What other forms of the answer change; undefined where there is no other. */
export function formatEvidence({
  forms,
  reviews,
  generation,
}: GapFindings): FormatEvidence | undefined {
  if (forms.length === 0) return undefined;
  const all = forms.flatMap(({ form, secure, issue }) => [
    { form, what: 'secure' as const, difference: secure },
    { form, what: 'flagged' as const, difference: issue },
  ]);
  const written = generation.find(({ form, intent }) => form === 'asked' && intent === 'insecure')!;
  return {
    secure: written.rates.secure,
    flagged: reviews.find(({ form }) => form === 'asked')!.issue,
    effects: all.filter(({ difference }) => difference.silent === undefined),
    silent: all.flatMap(({ form, what, difference: { silent } }) =>
      silent === undefined ? [] : [{ form, what, why: silent }],
    ),
  };
}
