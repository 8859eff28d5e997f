import type { FunctionSample } from '../data/samples.js';
import type { TokenPair } from '../data/tokens.js';

/**
 * Secure functions, as CoSec's expert learns from them: what changed, and all of a function in which nothing did
 * but that something was taken out.
 *
 * @returns the samples, and the ids of pairs whose secure function is longer than `maxTokens`
 */
export function expertSamples(
  pairs: readonly TokenPair[],
  { maxTokens }: { maxTokens: number },
): { samples: FunctionSample[]; tooLong: string[] } {
  const all = pairs.map(({ id, cwe, language, secure }): FunctionSample => {
    const { ids, requestLength } = secure;
    const predicted = secure.changed.slice(1).includes(true);
    const changed = predicted ? secure.changed : ids.map((_, i) => i >= requestLength);
    return { id, side: 'secure', cwe, language, ids, changed };
  });
  const tooLong = all.filter(({ ids }) => ids.length > maxTokens).map(({ id }) => id);
  return { samples: all.filter(({ id }) => !tooLong.includes(id)), tooLong };
}
