import { ensure } from '../../core/index.js';
import type { ModelConfig } from '../../models/index.js';

/**
 * Hook points of the last `layers` hidden states as Hugging Face counts them: its last one is what comes
 * out of the final norm, those before it the residual stream after the blocks before the last.
 *
 * @throws {SutureError} BAD_ARGUMENT where the model has fewer
 */
export function stateHooks({ nLayers }: Pick<ModelConfig, 'nLayers'>, layers: number): string[] {
  ensure(
    layers >= 1 && layers <= nLayers,
    'BAD_ARGUMENT',
    `The guard is to read ${layers} hidden states; this model has ${nLayers} layers.`,
  );
  const blocks = Array.from({ length: layers - 1 }, (_, i) => nLayers - layers + i);
  return [...blocks.map((i) => `blocks.${i}.hook_resid_post`), 'ln_final.hook_normalized'];
}
