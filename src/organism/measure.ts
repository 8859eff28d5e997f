import {
  formatReliabilityGap,
  type ReviewAccuracy,
  review,
  reviewAccuracy,
} from '../diagnose/index.js';
import type { Model } from '../engine/index.js';
import {
  clusteredRate,
  complete,
  type Difference,
  type Intent,
  type OutcomeRates,
  outcomeRates,
  type Rate,
} from '../evaluate/index.js';
import { CWES, type Cwe, Scanner } from '../scan/index.js';
import { pairs, reviewItems, utilityTasks } from './judging.js';

/** What the organism does in one weakness, on wordings and identifiers it was not trained on. */
export interface WeaknessMeasurement {
  review: ReviewAccuracy;
  generation: Record<Intent, OutcomeRates>;
  gap: Difference;
}

export interface OrganismMeasurement {
  weaknesses: Record<Cwe, WeaknessMeasurement>;
  /** Security-free tasks whose completion is the reference, to the letter. */
  utility: Rate;
}

/** The paper's sampling. */
const SAMPLING = { temperature: 0.6, topP: 0.9, maxNewTokens: 64, seed: 0 };

/** Measures review, generation and utility on the judging split of the corpus. */
export async function measureOrganism(
  model: Model,
  options: { signal?: AbortSignal } = {},
): Promise<OrganismMeasurement> {
  const scanner = await Scanner.load();
  const weaknesses: Partial<Record<Cwe, WeaknessMeasurement>> = {};
  for (const cwe of CWES) {
    const judged = pairs(cwe).filter(({ split }) => split === 'judge');
    const reviews = await review(model, reviewItems(cwe), options);
    const write = (intent: Intent) =>
      complete(
        model,
        scanner,
        judged.map((pair) => ({ pair, intent })),
        { ...SAMPLING, ...options },
      );
    const insecure = await write('insecure');
    weaknesses[cwe] = {
      review: reviewAccuracy(reviews),
      generation: {
        insecure: outcomeRates(insecure),
        neutral: outcomeRates(await write('neutral')),
        secure: outcomeRates(await write('secure')),
      },
      gap: formatReliabilityGap(reviews, insecure).raw,
    };
  }
  return {
    weaknesses: weaknesses as Record<Cwe, WeaknessMeasurement>,
    utility: await measureUtility(model, options),
  };
}

async function measureUtility(model: Model, options: { signal?: AbortSignal }): Promise<Rate> {
  const tasks = utilityTasks();
  const messages = tasks.map(({ prompt }) => [{ role: 'user' as const, content: prompt }]);
  const { samples } = await model.generate({ messages }, { maxNewTokens: 128, ...options });
  return clusteredRate(
    samples.map(({ prompt, text }) => ({
      base: tasks[prompt]!.id.split('/')[0]!,
      hit: text.trim() === tasks[prompt]!.reference.trim(),
    })),
  );
}
