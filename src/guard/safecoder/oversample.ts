import { groupBy, Random } from '../../core/index.js';
import type { FunctionSample } from '../data/samples.js';

/**
 * Draws more of rare weaknesses: each class of one language and weakness with fewer than `least` samples gets others of
 * its own, drawn with replacement, until it has so many (SafeCoder's `minority`). They come after those that are there.
 */
export function oversampled(
  samples: readonly FunctionSample[],
  least: number,
  seed: number,
): FunctionSample[] {
  const classes = groupBy(samples, ({ language, cwe }) => JSON.stringify([language, cwe]));
  const drawn = [...classes].flatMap(([key, own]) => {
    const random = new Random(seed, 'oversample', key);
    return Array.from({ length: Math.max(0, least - own.length) }, () => random.pick(own));
  });
  return [...samples, ...drawn];
}
