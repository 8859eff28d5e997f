import type { GenerateOptions, Intervention, Model, Sample } from '../engine/index.js';
import type { Scanner } from '../scan/index.js';
import type { ChatMessage } from '../text/index.js';
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
  /** A system message before the conversation; the chat template must take one. Defaults to none. */
  system?: string;
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
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'seed'
  | 'maxNewTokens'
  | 'n'
  | 'maxBatch'
  | 'adapter'
  | 'prefix'
  | 'watch'
  | 'processors'
  | 'onProgress'
  | 'signal'
>;

/** What an earlier run has got, so that it is not generated again. */
export interface Resumed {
  /** The completion of condition `row`, if it is known. */
  known: (row: number, sample: number) => Completion | undefined;
  /** Called with every new one, as it comes. */
  onCompletion: (row: number, completion: Completion) => void;
}

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
  resumed?: Resumed,
): Promise<Completion[]> {
  const messages = conditions.map(messagesOf);
  const interventions = conditions.flatMap((condition, row) =>
    (condition.interventions ?? []).map((intervention) => ({ ...intervention, rows: [row] })),
  );
  const judged = ({ prompt, sample, tokens, text, finishReason }: Sample): Completion => {
    const { pair, intent } = conditions[prompt]!;
    const judgement = judge(scanner, pair, { text, finishReason });
    return { pair, intent, sample, tokens, text, finishReason, judgement };
  };
  const made = new Map<string, Completion>();
  const place = (row: number, sample: number) => `${row} ${sample}`;
  const { samples } = await model.generate(
    { messages },
    {
      ...options,
      interventions,
      ...(resumed && {
        skip: (row, sample) => resumed.known(row, sample) !== undefined,
        onSample: (sample) => {
          const completion = judged(sample);
          made.set(place(sample.prompt, sample.sample), completion);
          resumed.onCompletion(sample.prompt, completion);
        },
      }),
    },
  );
  if (!resumed) return samples.map(judged);
  return conditions.flatMap((_, row) =>
    Array.from(
      { length: options.n ?? 1 },
      (_, sample) => resumed.known(row, sample) ?? made.get(place(row, sample))!,
    ),
  );
}

function messagesOf({ pair, intent, preamble, system }: Condition): ChatMessage[] {
  const prompt = pair.prompts[intent];
  const asked: ChatMessage = {
    role: 'user',
    content: preamble ? `${preamble}\n${prompt}` : prompt,
  };
  return system ? [{ role: 'system', content: system }, asked] : [asked];
}
