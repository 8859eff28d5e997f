import { z } from 'zod';
import { ensure } from '../../core/index.js';
import type { ModelConfig } from '../config.js';
import { demand, readFields } from '../fields.js';

const fields = z.object({ layer_types: z.array(z.string()).nullish() });

/**
 * The window of each layer: of those that `layer_types` lets slide, where the config has it.
 *
 * @param slides which layers do where it has not
 */
export function layerWindows(
  json: unknown,
  from: string,
  nLayers: number,
  window: number | undefined,
  slides: (layer: number) => boolean,
): ModelConfig['windows'] {
  const types = readFields(fields, json, from).layer_types;
  const sliding = types?.map((type) => {
    demand(/^(full|sliding)_attention$/.test(type), `layer_types "${type}"`, from);
    return type === 'sliding_attention';
  });
  const fits = !sliding || sliding.length === nLayers;
  ensure(fits, 'BAD_CONFIG', `${from}: layer_types has ${types?.length} entries, not ${nLayers}.`);
  return Array.from({ length: nLayers }, (_, layer) =>
    (sliding ? sliding[layer] : slides(layer)) ? window : undefined,
  );
}
