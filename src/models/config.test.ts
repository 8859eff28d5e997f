import { describe, expect, it } from 'vitest';
import type { SutureError } from '../core/index.js';
import { silu } from '../graph/index.js';
import { parseConfig } from './config.js';
import type { LlamaConfig } from './families/llama.js';

const LLAMA = {
  model_type: 'llama',
  vocab_size: 100,
  hidden_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  intermediate_size: 80,
};
const parse = (changes: Record<string, unknown> = {}) =>
  parseConfig({ ...LLAMA, ...changes }, 'there/config.json') as LlamaConfig;

function failure(act: () => unknown): Pick<SutureError, 'code' | 'message'> {
  try {
    act();
  } catch (thrown) {
    return thrown as SutureError;
  }
  throw new Error('nothing was thrown');
}

describe('parseConfig', () => {
  it('reads a minimal config with the defaults of its family', () => {
    expect(parse()).toEqual({
      family: 'llama',
      vocabSize: 100,
      dModel: 48,
      nLayers: 4,
      nHeads: 6,
      nKvHeads: 2,
      headDim: 8,
      dMlp: 80,
      normEpsilon: 1e-6,
      rope: { dim: 8, interleaved: false, type: 'default', theta: 10000 },
      maxPositions: 2048,
      tied: false,
      parallel: false,
      activation: silu,
      biases: { qkv: false, o: false, mlp: false },
      windows: [undefined, undefined, undefined, undefined],
      bosId: undefined,
      eosIds: [],
    });
  });

  it('reads what is given', () => {
    const config = parse({
      num_key_value_heads: null,
      head_dim: 16,
      rms_norm_eps: 1e-5,
      max_position_embeddings: 64,
      tie_word_embeddings: true,
      bos_token_id: 1,
      eos_token_id: [2, 7],
      rope_theta: 5e5,
    });
    expect(config).toMatchObject({
      nKvHeads: 6,
      headDim: 16,
      normEpsilon: 1e-5,
      maxPositions: 64,
      tied: true,
      bosId: 1,
      eosIds: [2, 7],
      rope: { theta: 5e5 },
    });
    expect(parse({ eos_token_id: 2 }).eosIds).toEqual([2]);
  });

  it('knows where each family has biases', () => {
    const all = { attention_bias: true, mlp_bias: true };
    expect(parse(all).biases).toEqual({ qkv: true, o: true, mlp: true });
    expect(parse({ attention_bias: true }).biases).toEqual({ qkv: true, o: true, mlp: false });
    expect(parse({ model_type: 'mistral', ...all }).biases).toEqual({
      qkv: false,
      o: false,
      mlp: false,
    });
    expect(parse({ model_type: 'qwen2' }).biases).toEqual({ qkv: true, o: false, mlp: false });
  });

  it.each([
    ['Mistral slides in every layer', { model_type: 'mistral', sliding_window: 8 }, [8, 8, 8, 8]],
    ['Mistral without a window', { model_type: 'mistral', sliding_window: null }, []],
    ['Llama never slides', { sliding_window: 8 }, []],
    ['Qwen2 does not unless told to', { model_type: 'qwen2', sliding_window: 8 }, []],
    [
      'Qwen2 slides from max_window_layers on',
      { model_type: 'qwen2', sliding_window: 8, use_sliding_window: true, max_window_layers: 3 },
      [undefined, undefined, undefined, 8],
    ],
    [
      'Qwen2 has 28 full layers by default',
      { model_type: 'qwen2', sliding_window: 8, use_sliding_window: true },
      [],
    ],
    [
      'Qwen2 obeys layer_types where they are given',
      {
        model_type: 'qwen2',
        sliding_window: 8,
        use_sliding_window: true,
        max_window_layers: 4,
        layer_types: ['full_attention', 'sliding_attention', 'full_attention', 'sliding_attention'],
      },
      [undefined, 8, undefined, 8],
    ],
  ])('%s', (_, changes, windows) => {
    const expected = Array.from({ length: 4 }, (_, layer) => windows[layer]);
    expect(parse(changes).windows).toEqual(expected);
  });

  it.each([
    ['vocab_size', 0],
    ['hidden_size', '48'],
    ['num_hidden_layers', 1.5],
    ['num_attention_heads', -1],
    ['num_key_value_heads', 0],
    ['head_dim', 'wide'],
    ['intermediate_size', undefined],
    ['hidden_act', 3],
    ['rms_norm_eps', 0],
    ['max_position_embeddings', 0],
    ['tie_word_embeddings', 'yes'],
    ['attention_bias', 1],
    ['mlp_bias', 1],
    ['bos_token_id', 'one'],
    ['eos_token_id', ['two']],
    ['rope_theta', 0],
    ['rope_scaling', 'linear'],
    ['rope_scaling', { type: 'linear', factor: -1 }],
  ])('names a wrong %s and the file', (field, value) => {
    const { code, message } = failure(() => parse({ [field]: value }));
    expect(code).toBe('BAD_CONFIG');
    expect(message).toContain('there/config.json');
    expect(message).toContain(field);
  });

  it.each([
    ['attention heads (6) is not a multiple of 4', { num_key_value_heads: 4 }],
    ['hidden size (50) is not a multiple of 6', { hidden_size: 50 }],
    ["7 of each head's 7 values cannot be rotated in pairs", { head_dim: 7 }],
    ['"linear" needs "factor"', { rope_scaling: { type: 'linear' } }],
    ['needs "low_freq_factor"', { rope_scaling: { rope_type: 'llama3', factor: 8 } }],
  ])('refuses impossible numbers: %s', (message, changes) => {
    expect(failure(() => parse(changes))).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ['model_type "bert"', 'supported: llama, mistral, qwen2', { model_type: 'bert' }],
    ['"ntk"', 'rotary scaling', { rope_scaling: { rope_type: 'ntk', factor: 4 } }],
    ['"gptq"', 'use the original', { quantization_config: { quant_method: 'gptq', bits: 4 } }],
    ['hidden_act "mish"', 'gelu_new', { hidden_act: 'mish' }],
  ])('says by name what is not supported: %s', (name, also, changes) => {
    const { code, message } = failure(() => parse(changes));
    expect(code).toBe('UNSUPPORTED');
    expect(message).toContain(name);
    expect(message).toContain(also);
  });

  it.each([[null], [[]], ['text'], [{}], [{ model_type: 3 }]])('refuses %j', (json) => {
    expect(failure(() => parseConfig(json, 'x.json'))).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('x.json has no "model_type"'),
    });
  });
});
