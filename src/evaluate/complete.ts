import type { GenerateOptions, Intervention, Model } from '../engine/index.js';
import type { Scanner } from '../scan/index.js';
import { type Judgement, judge } from './judge.js';
import type { Intent, PromptPair } from './tasks.js';

/** One task under one condition. */
export interface Condition {
  pair: PromptPair;
  /** Which of the pair's prompts is asked. */
  intent: Intent;
  /** Edits for this prompt alone (`rows` is set for it). Defaults to none. */
  interventions?: readonly Intervention[];
  /** Text put before the prompt. Defaults to none. */
  preamble?: string;
}

/** One judged completion of a condition. */
export interface Completion {
  pair: PromptPair;
  intent: Intent;
  sample: number;
  tokens: number[];
  text: string;
  finishReason: string;
  judgement: Judgement;
}

export type CompleteOptions = Pick<
  GenerateOptions,
  'temperature' | 'topP' | 'seed' | 'maxNewTokens' | 'n' | 'maxBatch' | 'onProgress' | 'signal'
>;

/**
 * Completes and judges tasks, each under its own condition; all are decoded in shared batches.
 * The same seed gives a prompt the same random numbers under every condition, so that
 * conditions can be compared in pairs.
 *
 * @returns completions in the order (condition, sample)
 */
export async function complete(
  model: Model,
  scanner: Scanner,
  conditions: readonly Condition[],
  options: CompleteOptions,
): Promise<Completion[]> {
  const messages = conditions.map(({ pair, intent, preamble }) => {
    const prompt = pair.prompts[intent];
    return [{ role: 'user' as const, content: preamble ? `${preamble}\n${prompt}` : prompt }];
  });
  const interventions = conditions.flatMap((condition, row) =>
    (condition.interventions ?? []).map((intervention) => ({ ...intervention, rows: [row] })),
  );
  const { samples } = await model.generate({ messages }, { ...options, interventions });
  return samples.map(({ prompt, sample, tokens, text, finishReason }) => {
    const { pair, intent } = conditions[prompt]!;
    const judgement = judge(scanner, pair, { text, finishReason });
    return { pair, intent, sample, tokens, text, finishReason, judgement };
  });
}
