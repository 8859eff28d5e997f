import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../core/index.js';
import { parseConfig, weightShapes } from '../../models/index.js';
import { type Tensor, writeSafetensors } from '../../tensor/index.js';

/** Writes a checkpoint of this configuration with random weights, lively enough that contexts matter. */
export function writeRandomModel(dir: string, json: Record<string, unknown>, seed: number): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'config.json'), JSON.stringify(json));
  const weights = new Map<string, Tensor>();
  for (const [name, dims] of weightShapes(parseConfig(json, 'config.json'))) {
    const random = new Random(seed, 'weights', name);
    const matrix = dims.length >= 2;
    const deviation = matrix ? 1.5 / Math.sqrt(dims.at(-1)!) : 0.2;
    const centre = !matrix && name.endsWith('.weight') ? 1 : 0; // norms
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => {
      return centre + deviation * random.normal();
    });
    weights.set(name, { dims: [...dims], data });
  }
  writeSafetensors(join(dir, 'model.safetensors'), weights);
}
