import { SutureError } from '../core/index.js';
import type { HookShape } from './hooks.js';

/**
 * What other libraries call our hook points (docs/hooks.md has the table and its traps). `{i}` is a
 * layer or `*`. Names are compared in one spelling: see `normalise`.
 */
const ALIASES: Record<string, readonly string[]> = {
  'blocks.{i}.hook_resid_pre': [
    'blocks.{i}.hook_in', // TransformerLens 3
    'blocks.{i}.ln1.hook_in',
    'layers_input.{i}', // nnterp
    'block_input.{i}', // pyvene
    'layers.{i}.input', // Hugging Face modules, as nnsight has them
    'layers.{i}.input_layernorm.input',
    'layers.{i}.ln_1.input',
  ],
  'blocks.{i}.attn.hook_in': [
    'blocks.{i}.ln1.hook_out',
    'attentions_input.{i}',
    'attention_input.{i}',
    'input_layernorm.{i}', // steering-vectors
    'layers.{i}.attention.input',
    'layers.{i}.input_layernorm',
    'layers.{i}.ln_1',
  ],
  'blocks.{i}.attn.hook_pattern': ['attention_probabilities.{i}', 'attentions.{i}'],
  'blocks.{i}.attn.hook_z': [
    'blocks.{i}.attn.o.hook_in',
    'attention_value_output.{i}',
    'head_attention_value_output.{i}',
    ...['o_proj', 'c_proj', 'dense', 'out_proj'].map((o) => `layers.{i}.attention.${o}.input`),
  ],
  'blocks.{i}.hook_resid_mid': ['blocks.{i}.ln2.hook_in', 'layers.{i}.ln_2.input'],
  'blocks.{i}.mlp.hook_in': [
    'blocks.{i}.ln2.hook_out',
    'mlps_input.{i}',
    'mlp_input.{i}',
    'layers.{i}.mlp.input',
    'layers.{i}.ln_2',
  ],
  'blocks.{i}.hook_resid_post': [
    '{i}', // repeng, steering-vectors, EasySteer
    'blocks.{i}.hook_out',
    'layers_output.{i}',
    'block_output.{i}',
    'decoder_block.{i}',
    'l_out.{i}', // llama.cpp
    'layers.{i}',
  ],
  'ln_final.hook_normalized': [
    'ln_final',
    'ln_final.hook_out',
    'unembed.hook_in',
    'model.norm',
    'model.final_layernorm',
    'transformer.ln_f',
    'gpt_neox.final_layer_norm',
  ],
};

/** Outputs of modules: where a norm or a cap follows the module, ours is another value. */
const MODULE_OUTPUTS: Record<string, readonly string[]> = {
  'blocks.{i}.hook_attn_out': [
    'blocks.{i}.attn.hook_out',
    'attentions_output.{i}',
    'attention_output.{i}',
    'self_attn.{i}',
    'layers.{i}.attention',
  ],
  'blocks.{i}.hook_mlp_out': [
    'blocks.{i}.mlp.hook_out',
    'mlps_output.{i}',
    'mlp_output.{i}',
    'mlp.{i}',
    'layers.{i}.mlp',
  ],
  logits: ['unembed.hook_out', 'lm_head', 'embed_out'],
};

/** Families with a norm behind both branches and a cap behind the unembedding. */
const FOLLOWED = new Set(['gemma2']);

/** Names that mean one thing in one library, version or family and another in the next. */
const AMBIGUOUS: Record<string, string> = {
  'embed.hook_out':
    "TransformerLens has the tokens' embeddings alone; hook_embed has the learned positions added, where there are any",
  'blocks.{i}.hook_attn_in':
    'before the norm (TransformerLens 2) it is blocks.{i}.hook_resid_pre, after it (3) blocks.{i}.attn.hook_in',
  'blocks.{i}.hook_mlp_in':
    'before the norm (TransformerLens 2) it is blocks.{i}.hook_resid_mid, after it (3) blocks.{i}.mlp.hook_in',
  'blocks.{i}.ln1.hook_normalized':
    "TransformerLens 2 has RMSNorm's value before its weight, 3 after it; what attention reads is blocks.{i}.attn.hook_in",
  'blocks.{i}.ln2.hook_normalized':
    "TransformerLens 2 has RMSNorm's value before its weight, 3 after it; what the MLP reads is blocks.{i}.mlp.hook_in",
  ...Object.fromEntries(
    [
      'post_attention_layernorm.{i}',
      'layers.{i}.post_attention_layernorm',
      'layers.{i}.post_attention_layernorm.input',
    ].map((name) => [
      name,
      'Llama has this norm before the MLP: its input is blocks.{i}.hook_resid_mid, its output blocks.{i}.mlp.hook_in; Gemma 2 has it behind attention: its output is blocks.{i}.hook_attn_out',
    ]),
  ),
  'direction.{i}':
    "repeng's files mean block {i}, those of llama-cvector-generator the block before; name the block: blocks.{i}.hook_resid_post",
};

/**
 * The name that Suture has for a hook point, from its own or another library's; an unknown name
 * comes back as it was.
 *
 * @throws {SutureError} BAD_ARGUMENT for a name that can mean several things, with those
 */
export function canonicalHook(name: string, shape: HookShape): string {
  const alias = normalise(name);
  const doubt = lookUp(alias, Object.entries(AMBIGUOUS));
  if (doubt) throw new SutureError('BAD_ARGUMENT', `"${name}" is ambiguous: ${doubt}.`);
  const output = lookUp(alias, byAlias(MODULE_OUTPUTS));
  if (output && FOLLOWED.has(shape.family)) {
    throw new SutureError(
      'BAD_ARGUMENT',
      `"${name}" is a module's output; in ${shape.family} a norm or a cap follows it, which has no hook point before it. After it: ${output}.`,
    );
  }
  return output ?? lookUp(alias, byAlias(ALIASES)) ?? hiddenState(alias, shape) ?? name;
}

const byAlias = (table: Record<string, readonly string[]>): [string, string][] =>
  Object.entries(table).flatMap(([own, names]) =>
    names.map((name): [string, string] => [name, own]),
  );

/**
 * One spelling of `model.layers[3].mlp.output`, `transformer.h.3.mlp` and `mlp@3`: layers after a
 * dot, the path to the blocks as `layers`, the attention module as `attention`, a module for its output.
 */
function normalise(name: string): string {
  return name
    .replace(/\[(-?\d+|\*)\]/g, '.$1')
    .replace(/@(-?\d+|\*)$/, '.$1')
    .replace(/^l_out-/, 'l_out.')
    .replace(/^(model\.layers|transformer\.h|gpt_neox\.layers)\./, 'layers.')
    .replace(/^(layers\.[^.]+)\.(self_attn|attn|self_attention)(?=\.|$)/, '$1.attention')
    .replace(/\.output(\.0)?$/, '');
}

/** What the table has for a name, its `{i}` replaced by the name's layer. */
function lookUp(name: string, table: readonly (readonly [string, string])[]): string | undefined {
  if (name === '*') return undefined; // our own pattern
  const parts = name.split('.');
  const layer = parts.find((part) => /^(-?\d+|\*)$/.test(part));
  const template = parts.map((part) => (part === layer ? '{i}' : part)).join('.');
  const found = table.find(([alias]) => alias === template);
  return found?.[1].replaceAll('{i}', layer ?? '');
}

/** `hidden_states[k]` of Hugging Face: what goes into block k; the last is after the final norm. */
function hiddenState(name: string, { nLayers }: HookShape): string | undefined {
  const match = /^hidden_states\.(-?\d+)$/.exec(name);
  if (!match) return undefined;
  const k = Number(match[1]) + (match[1]!.startsWith('-') ? nLayers + 1 : 0);
  if (k < 0 || k > nLayers) return undefined;
  if (k === nLayers) return 'ln_final.hook_normalized';
  return k === 0 ? 'blocks.0.hook_resid_pre' : `blocks.${k - 1}.hook_resid_post`;
}
