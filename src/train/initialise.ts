import { Random } from '../core/index.js';
import { type ModelConfig, weightShapes } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';

/** The layers whose output is added to the residual stream, by the families' names for them. */
const WRITES = /\.(o_proj|down_proj|c_proj|out_proj|fc_out|dense|dense_4h_to_h|fc2)\.weight$/;

/**
 * Weights to start from: normal with deviation 0.02, divided by sqrt(2 n_layers) where a layer
 * writes into the residual stream (GPT-2's rule); norms multiply by 1, biases are 0.
 */
export function initialWeights(config: ModelConfig, seed: number): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  const unit = config.family.startsWith('gemma') ? 0 : 1; // Gemma's norms multiply by 1 + weight
  for (const [name, dims] of weightShapes(config)) {
    const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
    if (dims.length >= 2) {
      const random = new Random(seed, 'weights', name);
      const deviation = WRITES.test(name) ? 0.02 / Math.sqrt(2 * config.nLayers) : 0.02;
      for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
    } else if (name.endsWith('.weight')) {
      data.fill(unit);
    }
    weights.set(name, { dims: [...dims], data });
  }
  return weights;
}
