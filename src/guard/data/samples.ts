import type { Side } from '../../evaluate/index.js';
import type { TokenPair } from './tokens.js';

/** One function of a pair, to be learnt from by itself. */
export interface FunctionSample {
  /** Of the pair. */
  id: string;
  side: Side;
  cwe: string | undefined;
  language: string | undefined;
  ids: readonly number[];
  /** Which of `ids` changed. */
  changed: readonly boolean[];
}

/** Functions that are no samples, by reason: ids of their pairs. */
export interface Unused {
  /** Longer than the limit. */
  tooLong: string[];
  /** None of its tokens changed, or none but the first, which nothing predicts: the fix only added, or only deleted. */
  unchanged: string[];
  /** No token stayed as it was. */
  allChanged: string[];
}

/**
 * The functions of pairs one by one, as SVEN and SafeCoder learn from them: each needs a token that changed and one
 * that did not.
 *
 * @param options.trimmed what follows the last changed token is cut off (SafeCoder). Defaults to false
 */
export function functionSamples(
  pairs: readonly TokenPair[],
  { maxTokens, trimmed = false }: { maxTokens: number; trimmed?: boolean },
): { samples: FunctionSample[]; unused: Unused } {
  const unused: Unused = { tooLong: [], unchanged: [], allChanged: [] };
  const samples = pairs.flatMap((pair) =>
    (['secure', 'vulnerable'] as const).flatMap((side): FunctionSample[] => {
      const { id, cwe, language } = pair;
      const last = pair[side].changed.lastIndexOf(true);
      const end = trimmed ? last + 1 : pair[side].ids.length;
      const ids = pair[side].ids.slice(0, end);
      const changed = pair[side].changed.slice(0, end);
      const predicted = changed.slice(1);
      let reason: keyof Unused | undefined;
      if (last <= 0) reason = 'unchanged';
      else if (ids.length > maxTokens) reason = 'tooLong';
      else if (!predicted.includes(false)) reason = 'allChanged';
      if (reason === undefined) return [{ id, side, cwe, language, ids, changed }];
      unused[reason].push(id);
      return [];
    }),
  );
  return { samples, unused };
}
