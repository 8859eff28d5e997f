// The shapes of published models, as their config.json has them.

/** @typedef {keyof typeof SHAPES} Shape */

const common = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  torch_dtype: 'bfloat16',
  hidden_act: 'silu',
  max_position_embeddings: 32768,
  rope_theta: 1000000,
  rms_norm_eps: 1e-6,
  use_sliding_window: false,
  eos_token_id: 151643,
};

export const SHAPES = {
  '0.5b': {
    title: 'Qwen2.5-0.5B',
    config: {
      ...common,
      vocab_size: 151936,
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      tie_word_embeddings: true,
    },
  },
  '1.5b': {
    title: 'Qwen2.5-1.5B',
    config: {
      ...common,
      vocab_size: 151936,
      hidden_size: 1536,
      intermediate_size: 8960,
      num_hidden_layers: 28,
      num_attention_heads: 12,
      num_key_value_heads: 2,
      tie_word_embeddings: true,
    },
  },
  '7b': {
    title: 'Qwen2.5-Coder-7B',
    config: {
      ...common,
      vocab_size: 152064,
      hidden_size: 3584,
      intermediate_size: 18944,
      num_hidden_layers: 28,
      num_attention_heads: 28,
      num_key_value_heads: 4,
      tie_word_embeddings: false,
    },
  },
};
