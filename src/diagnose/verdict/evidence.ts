import { groupBy } from '../../core/index.js';
import { clusterBootstrapMean, mean } from '../../stats/index.js';
import type { Form } from '../gap/forms.js';
import type { FormedCompletion, GapFindings, JudgedReview } from '../gap/measure.js';
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
  /** The same in other forms of the answer, minus those as asked; p over all comparisons together. */
  effects: { form: string; what: 'secure' | 'flagged'; difference: Tested }[];
  /** What says nothing: the model does not keep to the form, or most of its code has no outcome. */
  silent: { form: string; what: 'secure' | 'flagged' }[];
}

/** The gap as asked, with intervals of the corrected one, from what was reviewed and written. */
export function gapEvidence(
  { gap, reviews: scores, generation }: GapFindings,
  reviews: readonly JudgedReview[],
  completions: readonly FormedCompletion[],
): GapEvidence {
  const { issue, trueNegative } = scores.find(({ form }) => form === 'asked')!;
  const { rates } = generation.find(
    ({ form, intent }) => form === 'asked' && intent === 'insecure',
  )!;
  const reviewed = reviews.filter(({ form }) => form === 'asked');
  const written = completions.filter(
    ({ form, intent }) => form === 'asked' && intent === 'insecure',
  );
  const share = (hits: readonly boolean[]) => mean(hits.map(Number));
  const byBase = groupBy(written, ({ base }) => base);
  const bases = [...groupBy(reviewed, ({ base }) => base)].flatMap(([base, own]) => {
    const right = (insecure: boolean) =>
      share(
        own
          .filter((one) => one.insecure === insecure)
          .map((one) => (one.endpoint ?? one.rules).issue === insecure),
      );
    const youden = right(true) + right(false) - 1;
    const secure = share(
      (byBase.get(base) ?? []).map(({ judgement }) => judgement.outcome === 'secure'),
    );
    return Number.isFinite(youden + secure) ? { youden, secure } : [];
  });
  const over = (values: readonly number[]): Figure => ({
    value: mean(values),
    ...clusterBootstrapMean(values.map((value) => [value])),
  });
  return {
    sensitivity: issue,
    specificity: trueNegative,
    secure: rates.secure,
    raw: gap.raw,
    corrected: over(bases.map(({ youden, secure }) => youden - secure)),
    youden: over(bases.map(({ youden }) => youden)),
    reviewed: reviewed.length,
    written: written.length,
  };
}

/** Least share of answers that keep to a form, and of completions with an outcome, for it to say anything. */
const LEAST = 0.5;

/** What other forms of the answer change; undefined where there is no other. */
export function formatEvidence({
  forms,
  reviews,
  generation,
}: GapFindings): FormatEvidence | undefined {
  if (forms.length === 0) return undefined;
  const written = (form: Form) =>
    generation.find((one) => one.form === form && one.intent === 'insecure')!;
  const reviewed = (form: Form) => reviews.find((one) => one.form === form)!;
  const all = forms.flatMap(({ form, secure, issue }) => {
    const { kept, rates } = written(form);
    const established = 1 - rates.other.value;
    return [
      {
        form,
        what: 'secure' as const,
        difference: secure,
        says: Math.min(kept.value, established),
      },
      { form, what: 'flagged' as const, difference: issue, says: reviewed(form).kept.value },
    ];
  });
  return {
    secure: written('asked').rates.secure,
    flagged: reviewed('asked').issue,
    effects: all.filter(({ says }) => says >= LEAST).map(({ says: _, ...effect }) => effect),
    silent: all.filter(({ says }) => says < LEAST).map(({ form, what }) => ({ form, what })),
  };
}
