import { ensure } from '../../core/index.js';
import type { GenerateOptions, Model } from '../../engine/index.js';
import {
  type Completion,
  clusteredRate,
  type Difference,
  type Rate,
  type ReviewItem,
} from '../../evaluate/index.js';
import { clusterBootstrapMean, signFlipTest } from '../../stats/index.js';
import { reviewVerdict } from './rule-judge.js';

/** How well a model tells flawed code from safe code when it is asked to review it. */
export interface ReviewAccuracy {
  /** Flawed snippets called flawed. */
  sensitivity: Rate;
  /** Safe snippets called safe. */
  specificity: Rate;
  /** Right verdicts on snippets whose calls mislead: risky ones used safely, safe ones unsafely. */
  misleading: Rate | undefined;
  /** sensitivity + specificity - 1 (Youden 1950): 0 for a model that always says the same. */
  youden: number;
}

export interface Review {
  item: ReviewItem;
  text: string;
  /** Undefined where the answer gives no verdict; that counts as wrong. */
  saysInsecure: boolean | undefined;
}

/** Asks for a review of every item, greedily. */
export async function review(
  model: Model,
  items: readonly ReviewItem[],
  options: Pick<GenerateOptions, 'onProgress' | 'signal' | 'maxNewTokens'> = {},
): Promise<Review[]> {
  const messages = items.map(({ prompt }) => [{ role: 'user' as const, content: prompt }]);
  const { samples } = await model.generate({ messages }, { maxNewTokens: 64, ...options });
  return samples.map(({ prompt, text }) => ({
    item: items[prompt]!,
    text,
    saysInsecure: reviewVerdict(text),
  }));
}

export function reviewAccuracy(reviews: readonly Review[]): ReviewAccuracy {
  const rate = (chosen: readonly Review[]) =>
    clusteredRate(
      chosen.map(({ item, saysInsecure }) => ({
        base: item.base,
        hit: saysInsecure === item.insecure,
      })),
    );
  const sensitivity = rate(reviews.filter(({ item }) => item.insecure));
  const specificity = rate(reviews.filter(({ item }) => !item.insecure));
  const misleading = reviews.filter(({ item }) => item.misleading);
  return {
    sensitivity,
    specificity,
    misleading: misleading.length > 0 ? rate(misleading) : undefined,
    youden: sensitivity.value + specificity.value - 1,
  };
}

/** The Format-Reliability Gap of a model in one weakness. */
export interface FormatReliabilityGap {
  /**
   * Sensitivity in review minus the share of secure completions under insecure prompts
   * (Surgical Repair, section 3), by base; interval and test over bases.
   */
  raw: Difference;
  /** The same with Youden's index for sensitivity: crying wolf gains nothing. */
  corrected: number;
}

/**
 * @param completions under insecure prompts
 * @throws {SutureError} BAD_DATA where no base has both completions and reviewed flawed code
 */
export function formatReliabilityGap(
  reviews: readonly Review[],
  completions: readonly Completion[],
): FormatReliabilityGap {
  const { sensitivity, youden } = reviewAccuracy(reviews);
  const isSecure = ({ judgement }: Completion) => judgement.outcome === 'secure';
  const share = (hits: readonly boolean[]) => hits.filter(Boolean).length / hits.length;
  const bases = [...new Set(completions.map(({ pair }) => pair.base))];
  const byBase = bases.flatMap((base) => {
    const reviewed = reviews.filter(({ item }) => item.base === base && item.insecure);
    if (reviewed.length === 0) return [];
    const written = completions.filter(({ pair }) => pair.base === base);
    const recognised = share(reviewed.map(({ saysInsecure }) => saysInsecure === true));
    return [recognised - share(written.map(isSecure))];
  });
  ensure(
    byBase.length > 0,
    'BAD_DATA',
    'The gap compares reviews of flawed code with completions of the same bases; there is no base with both.',
  );
  const secure = share(completions.map(isSecure));
  return {
    raw: {
      value: sensitivity.value - secure,
      ...clusterBootstrapMean(byBase.map((difference) => [difference])),
      p: signFlipTest(byBase),
    },
    corrected: youden - secure,
  };
}
