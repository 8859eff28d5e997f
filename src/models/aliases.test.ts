import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matchHooks } from './hooks.js';

const LLAMA = { family: 'llama', nLayers: 3, parallel: false };
const GEMMA = { ...LLAMA, family: 'gemma2' };

describe("other libraries' names", () => {
  it.each<[string | number, string]>([
    // TransformerLens 3
    ['blocks.1.hook_in', 'blocks.1.hook_resid_pre'],
    ['blocks.1.hook_out', 'blocks.1.hook_resid_post'],
    ['blocks.1.attn.hook_in', 'blocks.1.attn.hook_in'],
    ['blocks.1.attn.hook_out', 'blocks.1.hook_attn_out'],
    ['blocks.1.attn.o.hook_in', 'blocks.1.attn.hook_z'],
    ['blocks.1.ln1.hook_out', 'blocks.1.attn.hook_in'],
    ['blocks.1.ln2.hook_in', 'blocks.1.hook_resid_mid'],
    ['blocks.1.ln2.hook_out', 'blocks.1.mlp.hook_in'],
    ['blocks.1.mlp.hook_out', 'blocks.1.hook_mlp_out'],
    ['ln_final', 'ln_final.hook_normalized'],
    ['unembed.hook_in', 'ln_final.hook_normalized'],
    ['unembed.hook_out', 'logits'],
    // pyvene
    ['block_input@2', 'blocks.2.hook_resid_pre'],
    ['block_output@2', 'blocks.2.hook_resid_post'],
    ['attention_input@2', 'blocks.2.attn.hook_in'],
    ['attention_value_output@2', 'blocks.2.attn.hook_z'],
    ['head_attention_value_output@2', 'blocks.2.attn.hook_z'],
    ['attention_output@2', 'blocks.2.hook_attn_out'],
    ['mlp_input@2', 'blocks.2.mlp.hook_in'],
    ['mlp_output@2', 'blocks.2.hook_mlp_out'],
    // nnterp
    ['layers_input[0]', 'blocks.0.hook_resid_pre'],
    ['layers_output[0]', 'blocks.0.hook_resid_post'],
    ['attentions_input[0]', 'blocks.0.attn.hook_in'],
    ['attentions_output[0]', 'blocks.0.hook_attn_out'],
    ['attention_probabilities[0]', 'blocks.0.attn.hook_pattern'],
    ['mlps_input[0]', 'blocks.0.mlp.hook_in'],
    ['mlps_output[-1]', 'blocks.2.hook_mlp_out'],
    // Hugging Face modules, as nnsight has them
    ['model.layers.1', 'blocks.1.hook_resid_post'],
    ['model.layers[1].output', 'blocks.1.hook_resid_post'],
    ['model.layers[1].output[0]', 'blocks.1.hook_resid_post'],
    ['model.layers[-1].input', 'blocks.2.hook_resid_pre'],
    ['model.layers.1.input_layernorm.output', 'blocks.1.attn.hook_in'],
    ['model.layers.1.self_attn', 'blocks.1.hook_attn_out'],
    ['model.layers.1.self_attn.o_proj.input', 'blocks.1.attn.hook_z'],
    ['model.layers.1.mlp.input', 'blocks.1.mlp.hook_in'],
    ['model.norm.output', 'ln_final.hook_normalized'],
    ['lm_head.output', 'logits'],
    ['transformer.h.1', 'blocks.1.hook_resid_post'],
    ['transformer.h[1].attn.output[0]', 'blocks.1.hook_attn_out'],
    ['transformer.h.1.attn.c_proj.input', 'blocks.1.attn.hook_z'],
    ['transformer.h.1.ln_2.output', 'blocks.1.mlp.hook_in'],
    ['transformer.ln_f', 'ln_final.hook_normalized'],
    ['gpt_neox.layers.1.attention', 'blocks.1.hook_attn_out'],
    ['gpt_neox.layers.1.attention.dense.input', 'blocks.1.attn.hook_z'],
    ['embed_out', 'logits'],
    // hidden_states of Hugging Face: the last is after the final norm
    ['hidden_states[0]', 'blocks.0.hook_resid_pre'],
    ['hidden_states[1]', 'blocks.0.hook_resid_post'],
    ['hidden_states[2]', 'blocks.1.hook_resid_post'],
    ['hidden_states[3]', 'ln_final.hook_normalized'],
    ['hidden_states[-1]', 'ln_final.hook_normalized'],
    ['hidden_states[-2]', 'blocks.1.hook_resid_post'],
    ['attentions[1]', 'blocks.1.attn.hook_pattern'],
    // repeng, steering-vectors, EasySteer, llama.cpp
    [1, 'blocks.1.hook_resid_post'],
    [-1, 'blocks.2.hook_resid_post'],
    ['1', 'blocks.1.hook_resid_post'],
    ['decoder_block@1', 'blocks.1.hook_resid_post'],
    ['self_attn@1', 'blocks.1.hook_attn_out'],
    ['mlp@1', 'blocks.1.hook_mlp_out'],
    ['input_layernorm@1', 'blocks.1.attn.hook_in'],
    ['l_out-1', 'blocks.1.hook_resid_post'],
  ])('%s is %s', (alias, name) => {
    expect(matchHooks(alias, LLAMA)).toEqual([name]);
  });

  it('may be patterns', () => {
    const posts = [0, 1, 2].map((i) => `blocks.${i}.hook_resid_post`);
    for (const alias of ['blocks.*.hook_out', 'model.layers[*].output', 'block_output@*']) {
      expect(matchHooks(alias, LLAMA)).toEqual(posts);
    }
  });

  it.each([
    ['blocks.1.hook_mlp_in', ['blocks.1.hook_resid_mid', 'blocks.1.mlp.hook_in']],
    ['blocks.1.hook_attn_in', ['blocks.1.hook_resid_pre', 'blocks.1.attn.hook_in']],
    ['blocks.1.ln1.hook_normalized', ['before its weight', 'blocks.1.attn.hook_in']],
    ['blocks.1.ln2.hook_normalized', ['before its weight', 'blocks.1.mlp.hook_in']],
    [
      'model.layers[1].post_attention_layernorm',
      ['blocks.1.mlp.hook_in', 'blocks.1.hook_attn_out'],
    ],
    ['post_attention_layernorm@1', ['blocks.1.mlp.hook_in', 'blocks.1.hook_attn_out']],
    ['embed.hook_out', ['embeddings alone', 'hook_embed']],
    ['direction.1', ['repeng', 'blocks.1.hook_resid_post']],
  ])('%s is refused: it can mean several things', (alias, parts) => {
    const act = () => matchHooks(alias, LLAMA);
    for (const part of [`"${alias}" is ambiguous`, ...parts]) expect(act).toThrow(part);
  });

  it('of module outputs are refused where a norm or a cap follows', () => {
    for (const [alias, own] of [
      ['model.layers.1.self_attn', 'blocks.1.hook_attn_out'],
      ['mlps_output[1]', 'blocks.1.hook_mlp_out'],
      ['lm_head', 'logits'],
    ]) {
      expect(() => matchHooks(alias!, GEMMA)).toThrow(`After it: ${own}`);
      expect(matchHooks(own!, GEMMA)).toEqual([own]);
    }
  });

  it.each(['hidden_states[4]', 'hidden_states[-5]', 'block_output@3', 'model.layers.0.q', 3, -4])(
    '%s is none',
    (alias) => {
      expect(() => matchHooks(alias, LLAMA)).toThrow(`No hook point is called "${alias}"`);
    },
  );
});

describe("the documentation's table", () => {
  const text = readFileSync(new URL('../../docs/hooks.md', import.meta.url), 'utf8');
  const start = text.indexOf('## Names of other libraries');
  const rows = text
    .slice(start, text.indexOf('\n## ', start + 1))
    .split('\n')
    .map((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
    .filter(
      ([own]) => own?.startsWith('blocks.') || own === 'logits' || own?.startsWith('ln_final'),
    );

  it('has a row for every hook point that has other names', () => {
    expect(rows.map(([own]) => own)).toHaveLength(11);
  });

  it.each(rows)('%s', (own, ...aliases) => {
    expect(aliases.length).toBeGreaterThan(0);
    const second = (name: string) => name.replaceAll('{i}', '1');
    for (const alias of aliases) expect(matchHooks(second(alias), LLAMA)).toEqual([second(own!)]);
  });
});
