import { ensure } from '../../core/index.js';
import type { Model } from '../../engine/index.js';
import type { TokenPair } from './tokens.js';

/**
 * Refuses pairs that are longer than a limit, or than the model's positions reach.
 * @throws {SutureError} BAD_DATA
 */
export function checkLengths(
  { config }: Pick<Model, 'config'>,
  pairs: readonly TokenPair[],
  maxTokens: number,
): void {
  const most = config.rope ? maxTokens : Math.min(maxTokens, config.maxPositions);
  for (const { id, secure, vulnerable } of pairs) {
    const length = Math.max(secure.ids.length, vulnerable.ids.length);
    ensure(
      length <= most,
      'BAD_DATA',
      `The pair ${id} has ${length} tokens; here a sequence has at most ${most}.`,
    );
  }
}
