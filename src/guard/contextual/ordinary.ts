import type { Model } from '../../engine/index.js';
import type { OrdinaryText } from './decisions.js';

/** A request for code that has nothing to do with security. */
export interface OrdinaryRequest {
  id: string;
  /** Task family: what is not parted between training and judging. */
  base: string;
  prompt: string;
}

/**
 * What the model itself writes on ordinary requests, greedily: what a guard is to leave as it is. Nobody needs to have
 * written right answers for that.
 *
 * @throws {SutureError} BAD_ARGUMENT where the model has no tokenizer; INTERRUPTED
 */
export async function ordinaryTexts(
  model: Model,
  requests: readonly OrdinaryRequest[],
  options: {
    /** Defaults to 96. */
    maxNewTokens?: number;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<OrdinaryText[]> {
  const { maxNewTokens = 96, signal } = options;
  const prompts =
    model.tokenizer?.chatTemplate === undefined
      ? { text: requests.map(({ prompt }) => prompt) }
      : { messages: requests.map(({ prompt }) => [{ role: 'user' as const, content: prompt }]) };
  const ids = model.encode(prompts);
  const { samples } = await model.generate(
    { tokens: ids },
    { maxNewTokens, eosIds: model.endIds(prompts), ...(signal && { signal }) },
  );
  return requests.map(({ id, base }, i) => ({
    id,
    group: base,
    ids: [...ids[i]!, ...samples[i]!.tokens],
    requestLength: ids[i]!.length,
  }));
}
