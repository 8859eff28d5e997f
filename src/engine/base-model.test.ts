import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSafetensors, relMax } from '../tensor/index.js';
import { loadModel } from './index.js';
import { changeTensors, copyOf, fixture } from './testing/models.js';

// Checkpoints saved from the model without its head, like openai-community/gpt2: names lack the
// first part. Adapters name modules with it all the same.
it.each([
  ['gpt2_f32', 'transformer.', 'h.0.attn'],
  ['gpt_neox_parallel_f16', 'gpt_neox.', 'layers.0.attention'],
  ['codegen_bf16', 'transformer.', 'h.0.attn'],
  ['llama_f32', 'model.', 'layers.0.self_attn'],
])(
  '%s is read without the prefix "%s", and its buffers are left alone',
  async (name, prefix, attention) => {
    const dir = copyOf(`${name}/model`);
    changeTensors(join(dir, 'model.safetensors'), 'f32', (tensors) => {
      for (const [key, tensor] of [...tensors]) {
        if (!key.startsWith(prefix)) continue;
        tensors.delete(key);
        tensors.set(key.slice(prefix.length), tensor);
      }
      const mask = { dims: [1, 1, 2, 2], data: Float32Array.of(1, 0, 1, 1) };
      tensors.set(`${attention}.bias`, mask);
      tensors.set(`${attention}.masked_bias`, { dims: [], data: Float32Array.of(-1e4) });
    });
    const reference = readSafetensors(fixture(`${name}/reference.safetensors`));
    const model = await loadModel(dir, { threads: 1 });
    try {
      const ids = [...reference.get('input_ids.1')!.data];
      const { logits } = await model.forward([ids]);
      expect(relMax(logits.data, reference.get('logits.1')!.data)).toBeLessThan(2e-5);
      const adapted = await model.forward([ids], { adapter: fixture(`${name}/adapter`) });
      expect(relMax(adapted.logits.data, reference.get('lora.logits.1')!.data)).toBeLessThan(2e-5);
    } finally {
      await model.close();
    }
  },
);
