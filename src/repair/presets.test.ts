import { describe, expect, it } from 'vitest';
import { parseConfig } from '../models/index.js';
import { checkPreset, PRESETS, presetGrid, presetOf } from './index.js';

/** What the config.json of these models on the hub says of their sizes. */
const CONFIGS: Record<string, Record<string, unknown>> = {
  'surgical/llama-3.1-8b': {
    model_type: 'llama',
    hidden_size: 4096,
    intermediate_size: 14336,
    num_attention_heads: 32,
    num_hidden_layers: 32,
    num_key_value_heads: 8,
    vocab_size: 128256,
    max_position_embeddings: 131072,
    rms_norm_eps: 1e-5,
    rope_theta: 500000,
    rope_scaling: {
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
      rope_type: 'llama3',
    },
    tie_word_embeddings: false,
  },
  'surgical/llama-3.1-70b': {
    model_type: 'llama',
    hidden_size: 8192,
    intermediate_size: 28672,
    num_attention_heads: 64,
    num_hidden_layers: 80,
    num_key_value_heads: 8,
    vocab_size: 128256,
    max_position_embeddings: 131072,
    rms_norm_eps: 1e-5,
    rope_theta: 500000,
    tie_word_embeddings: false,
  },
  'surgical/mistral-7b-v0.3': {
    model_type: 'mistral',
    hidden_size: 4096,
    intermediate_size: 14336,
    num_attention_heads: 32,
    num_hidden_layers: 32,
    num_key_value_heads: 8,
    vocab_size: 32768,
    max_position_embeddings: 32768,
    rms_norm_eps: 1e-5,
    rope_theta: 1000000,
    sliding_window: null,
    tie_word_embeddings: false,
  },
  'surgical/mistral-small-24b': {
    model_type: 'mistral',
    head_dim: 128,
    hidden_size: 5120,
    intermediate_size: 32768,
    num_attention_heads: 32,
    num_hidden_layers: 40,
    num_key_value_heads: 8,
    vocab_size: 131072,
    max_position_embeddings: 32768,
    rms_norm_eps: 1e-5,
    rope_theta: 100000000,
    sliding_window: null,
    tie_word_embeddings: false,
  },
  'surgical/qwen2.5-14b': {
    model_type: 'qwen2',
    hidden_size: 5120,
    intermediate_size: 13824,
    num_attention_heads: 40,
    num_hidden_layers: 48,
    num_key_value_heads: 8,
    vocab_size: 152064,
    max_position_embeddings: 32768,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000,
    sliding_window: 131072,
    use_sliding_window: false,
    max_window_layers: 70,
    tie_word_embeddings: false,
  },
};

describe.each(PRESETS)('$name', (preset) => {
  const config = parseConfig(CONFIGS[preset.name], 'config.json');
  const model = {
    id: preset.model,
    family: config.family,
    nLayers: config.nLayers,
    dModel: config.dModel,
  };

  it('is for the model that its config.json describes', () => {
    expect(() => checkPreset(preset, model)).not.toThrow();
    expect(() => checkPreset(preset, { ...model, nLayers: 6 })).toThrow(
      expect.objectContaining({
        code: 'BAD_ARGUMENT',
        message: expect.stringContaining(`its layers are 6, not ${preset.nLayers}`),
      }),
    );
  });

  it('adds the vector after the last block, at the published strengths', () => {
    for (const [cwe, figures] of Object.entries(preset.published)) {
      const grid = presetGrid(preset, cwe as keyof typeof preset.published);
      expect(grid.layers).toEqual([preset.nLayers - 1]);
      expect(grid.sites).toEqual(['last_prompt']);
      for (const { strength, before, after } of figures) {
        // Where the best lies between two of the grid, its neighbours are tried.
        expect(strength).toBeLessThanOrEqual(Math.max(...grid.strengths));
        expect(Math.min(before, after)).toBeGreaterThanOrEqual(0);
        expect(Math.max(before, after)).toBeLessThanOrEqual(100);
      }
    }
  });
});

it('an unknown preset is refused, and the known ones are named', () => {
  expect(() => presetOf('surgical/gpt')).toThrow(/surgical\/llama-3\.1-8b/);
});
