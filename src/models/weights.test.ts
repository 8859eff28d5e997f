import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../tensor/index.js';
import { parseConfig } from './config.js';
import { loraModules, weightShapes } from './weights.js';

const config = (changes: Record<string, unknown> = {}) =>
  parseConfig(
    {
      model_type: 'llama',
      vocab_size: 100,
      hidden_size: 48,
      num_hidden_layers: 1,
      num_attention_heads: 6,
      num_key_value_heads: 2,
      intermediate_size: 80,
      ...changes,
    },
    'config.json',
  );
const ATTENTION = 'model.layers.0.self_attn';

describe('weightShapes', () => {
  it('lists the weights in the order of the forward pass', () => {
    expect([...weightShapes(config())]).toEqual([
      ['model.embed_tokens.weight', [100, 48]],
      ['model.layers.0.input_layernorm.weight', [48]],
      [`${ATTENTION}.q_proj.weight`, [48, 48]],
      [`${ATTENTION}.k_proj.weight`, [16, 48]],
      [`${ATTENTION}.v_proj.weight`, [16, 48]],
      [`${ATTENTION}.o_proj.weight`, [48, 48]],
      ['model.layers.0.post_attention_layernorm.weight', [48]],
      ['model.layers.0.mlp.gate_proj.weight', [80, 48]],
      ['model.layers.0.mlp.up_proj.weight', [80, 48]],
      ['model.layers.0.mlp.down_proj.weight', [48, 80]],
      ['model.norm.weight', [48]],
      ['lm_head.weight', [100, 48]],
    ]);
  });

  it('has no unembedding where it is tied', () => {
    const names = [...weightShapes(config({ tie_word_embeddings: true })).keys()];
    expect(names).not.toContain('lm_head.weight');
    expect(names).toHaveLength(11);
  });

  it('follows a head_dim of its own', () => {
    const shapes = weightShapes(config({ head_dim: 32 }));
    expect(shapes.get(`${ATTENTION}.q_proj.weight`)).toEqual([192, 48]);
    expect(shapes.get(`${ATTENTION}.v_proj.weight`)).toEqual([64, 48]);
    expect(shapes.get(`${ATTENTION}.o_proj.weight`)).toEqual([48, 192]);
  });

  it('has the biases of the config', () => {
    const biases = (changes: Record<string, unknown>) =>
      [...weightShapes(config(changes))].filter(([name]) => name.endsWith('.bias'));
    const qkv = [
      [`${ATTENTION}.q_proj.bias`, [48]],
      [`${ATTENTION}.k_proj.bias`, [16]],
      [`${ATTENTION}.v_proj.bias`, [16]],
    ];
    expect(biases({})).toEqual([]);
    expect(biases({ model_type: 'qwen2' })).toEqual(qkv);
    expect(biases({ attention_bias: true, mlp_bias: true })).toEqual([
      ...qkv,
      [`${ATTENTION}.o_proj.bias`, [48]],
      ['model.layers.0.mlp.gate_proj.bias', [80]],
      ['model.layers.0.mlp.up_proj.bias', [80]],
      ['model.layers.0.mlp.down_proj.bias', [48]],
    ]);
  });

  it.each([
    'llama_f32',
    'llama32_tied_llama3rope_bf16',
    'llama_sharded_biases_bf16',
    'mistral_sliding_bf16',
    'qwen2_tied_bf16',
    'gemma2_bf16',
    'phi3_sliding_bf16',
    'starcoder2_bf16',
    'gpt2_f32',
    'gpt_neox_parallel_f16',
    'codegen_bf16',
  ])('fits what Hugging Face saved: %s', (name) => {
    const dir = fileURLToPath(new URL(`../../fixtures/${name}/model`, import.meta.url));
    const json = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
    const shapes = weightShapes(parseConfig(json, 'config.json'));
    const stored = [...openCheckpoint(dir)]
      // Older checkpoints store what the config gives: frequencies, causal masks.
      .filter(([key]) => !/(rotary_emb\.inv_freq|attention\.(masked_)?bias)$/.test(key))
      .map(([key, { dims }]) => [key, dims] as const);
    expect(Object.fromEntries(shapes)).toEqual(Object.fromEntries(stored));
  });
});

const shape = (width: number, out: number) => ({ in: width, out, layout: 'out_in' });

describe('loraModules', () => {
  it('lists every linear layer with its widths', () => {
    expect(Object.fromEntries(loraModules(config()))).toEqual({
      [`${ATTENTION}.q_proj`]: shape(48, 48),
      [`${ATTENTION}.k_proj`]: shape(48, 16),
      [`${ATTENTION}.v_proj`]: shape(48, 16),
      [`${ATTENTION}.o_proj`]: shape(48, 48),
      'model.layers.0.mlp.gate_proj': shape(48, 80),
      'model.layers.0.mlp.up_proj': shape(48, 80),
      'model.layers.0.mlp.down_proj': shape(80, 48),
      lm_head: shape(48, 100),
    });
  });
});
