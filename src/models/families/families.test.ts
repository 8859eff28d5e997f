import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SutureError } from '../../core/index.js';
import { parseConfig } from '../config.js';
import { RotaryTables } from '../rope.js';
import { weightShapes } from '../weights.js';
import { FAMILIES } from './index.js';

/** A config that every family can read, by whichever names it knows. */
const READABLE = {
  vocab_size: 20,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  intermediate_size: 24,
  n_embd: 32,
  n_layer: 2,
  n_head: 4,
  rotary_dim: 4,
};

const FIELDS = [
  ...Object.keys(READABLE),
  'head_dim',
  'n_inner',
  'n_positions',
  'max_position_embeddings',
  'tie_word_embeddings',
  'hidden_act',
  'hidden_activation',
  'activation_function',
  'rms_norm_eps',
  'layer_norm_eps',
  'layer_norm_epsilon',
  'norm_epsilon',
  'norm_type',
  'use_bias',
  'attention_bias',
  'mlp_bias',
  'use_qkv_bias',
  'qk_layernorm',
  'use_parallel_residual',
  'multi_query',
  'scale_attn_weights',
  'rotary_pct',
  'rotary_emb_base',
  'partial_rotary_factor',
  'rope_theta',
  'rope_scaling',
  'rope_parameters',
  'original_max_position_embeddings',
  'sliding_window',
  'use_sliding_window',
  'max_window_layers',
  'layer_types',
  'query_pre_attn_scalar',
  'attn_logit_softcapping',
  'final_logit_softcapping',
  'bos_token_id',
  'eos_token_id',
];

const value = fc.oneof(
  fc.constantFrom(null, true, false, -1, 0, 1, 2, 3, 5, 6, 8, 48, 64, 0.25, 0.5, 1e-6),
  fc.constantFrom('', 'gelu', 'silu', 'linear', [], [0], ['sliding_attention'], {}),
  fc.record(
    {
      type: fc.constantFrom('linear', 'dynamic', 'yarn', 'llama3', 'longrope', 'su', 'other', 3),
      factor: fc.constantFrom(-1, 0, 0.5, 1, 4, 'four'),
      short_factor: fc.constantFrom([], [1, 1], [1, 2, 3, 4]),
      long_factor: fc.constantFrom([], [2, 2], [1, 2, 3, 4], 'long'),
      partial_rotary_factor: fc.constantFrom(0, 0.1, 0.5, 1, 2),
      original_max_position_embeddings: fc.constantFrom(-1, 0, 8, 'eight'),
    },
    { requiredKeys: [] },
  ),
);

it.each([...FAMILIES.keys()])(
  '%s reads what it can build, and refuses the rest by name',
  (family) => {
    const readable = { model_type: family, ...READABLE };
    expect(weightShapes(parseConfig(readable, 'config.json')).size).toBeGreaterThan(10);
    const changes = fc.dictionary(fc.constantFrom(...FIELDS), value, { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(changes, (changed) => {
        let config: ReturnType<typeof parseConfig>;
        try {
          config = parseConfig({ ...readable, ...changed }, 'config.json');
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SutureError);
          expect(['BAD_CONFIG', 'UNSUPPORTED']).toContain((thrown as SutureError).code);
          return;
        }
        for (const dims of weightShapes(config).values()) {
          expect(dims.every((dim) => Number.isInteger(dim) && dim > 0)).toBe(true);
        }
        const { rope } = config;
        for (const length of rope ? [1, 40] : []) {
          const { cos } = new RotaryTables(rope!).rows([0, length - 1], [length, length]);
          expect(cos.data.every(Number.isFinite)).toBe(true);
        }
      }),
      { seed: 1, numRuns: 400 },
    );
  },
);
