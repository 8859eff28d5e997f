// A model with random f32 weights at the shape of a real one: what things take hangs on the shape alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, weightShapes } from '../dist/models/index.js';
import { writeSafetensors } from '../dist/tensor/index.js';
import { noise } from './measure.js';

/** The shape of Qwen2.5-0.5B. */
export const CONFIG = {
  model_type: 'qwen2',
  vocab_size: 151936,
  hidden_size: 896,
  intermediate_size: 4864,
  num_hidden_layers: 24,
  num_attention_heads: 14,
  num_key_value_heads: 2,
  rope_theta: 1000000,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: true,
};

/**
 * Gives a folder with such a model to some work.
 * @template T
 * @param {(dir: string) => Promise<T>} work
 * @param {Partial<typeof CONFIG>} [changes] of its shape
 */
export async function withModel(work, changes = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'suture-bench-'));
  try {
    writeModel(dir, { ...CONFIG, ...changes });
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @param {string} dir @param {typeof CONFIG} config */
function writeModel(dir, config) {
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  const shapes = weightShapes(parseConfig(config, 'bench'));
  const tensors = new Map(
    [...shapes].map(([name, shape]) => {
      const dims = [...shape];
      const size = dims.reduce((a, b) => a * b, 1);
      const data = () =>
        name.includes('norm') ? new Float32Array(size).fill(1) : noise(size, 0.03);
      return [name, { dims, read: () => ({ dims, data: data() }) }];
    }),
  );
  writeSafetensors(join(dir, 'model.safetensors'), tensors);
}
