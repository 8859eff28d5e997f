import type { Model } from '../engine/index.js';
import type { Tensor } from '../tensor/index.js';
import { initialLora, type LoraSettings, loraTargets } from '../train/index.js';
import type { TrainingOptions } from './optimise.js';

/** A LoRA on a model's weights, as objectives and trainers take it. */
export function loraOn(
  { config, checkpoint }: Model,
  lora: LoraSettings,
  seed: number,
  { recompute = false }: Pick<TrainingOptions, 'recompute'>,
) {
  const modules = loraTargets(config, lora);
  const { weights } = checkpoint;
  return {
    trainable: { kind: 'lora', weights, modules, recompute } as const,
    initial: initialLora(config, modules, seed),
  };
}

/** How many numbers tensors have. */
export const countOf = (tensors: ReadonlyMap<string, Tensor>): number =>
  [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
