import { Random } from '../core/index.js';
import { type ModelConfig, weightShapes } from '../models/index.js';
import type { Tensor } from '../tensor/index.js';

/**
 * Weights to start from: normal with deviation 0.02, divided by sqrt(2 n_layers) where a layer
 * writes into the residual stream (GPT-2's rule); norms are 1, biases 0.
 */
export function initialWeights(config: ModelConfig, seed: number): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const [name, dims] of weightShapes(config)) {
    const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
    if (dims.length >= 2) {
      const random = new Random(seed, 'weights', name);
      const writes = /\.(o_proj|down_proj)\.weight$/.test(name);
      const deviation = writes ? 0.02 / Math.sqrt(2 * config.nLayers) : 0.02;
      for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
    } else if (name.endsWith('norm.weight')) {
      data.fill(1);
    }
    weights.set(name, { dims: [...dims], data });
  }
  return weights;
}
