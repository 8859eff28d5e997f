import { describe, expect, it } from 'vitest';
import { SutureError } from '../core/index.js';
import { hookKind, hookNames, matchHooks, reachesCache } from './hooks.js';

const THREE = { family: 'llama', nLayers: 3, parallel: false };
const posts = [0, 1, 2].map((i) => `blocks.${i}.hook_resid_post`);

describe('hook points', () => {
  it('are named in the order of the forward pass', () => {
    expect(hookNames({ nLayers: 1, parallel: false })).toEqual([
      'hook_embed',
      'blocks.0.hook_resid_pre',
      'blocks.0.attn.hook_in',
      'blocks.0.attn.hook_pattern',
      'blocks.0.attn.hook_z',
      'blocks.0.hook_attn_out',
      'blocks.0.hook_resid_mid',
      'blocks.0.mlp.hook_in',
      'blocks.0.hook_mlp_out',
      'blocks.0.hook_resid_post',
      'ln_final.hook_normalized',
      'logits',
    ]);
  });

  it('have no middle where both branches read the same', () => {
    const names = hookNames({ nLayers: 1, parallel: true });
    const sequential = hookNames({ nLayers: 1, parallel: false });
    expect(names).toEqual(sequential.filter((name) => !name.endsWith('hook_resid_mid')));
  });

  it('have values of five kinds', () => {
    const names = hookNames({ nLayers: 1, parallel: false });
    const other = names.filter((name) => hookKind(name) !== 'stream');
    expect(other.map((name) => [name, hookKind(name)])).toEqual([
      ['blocks.0.attn.hook_pattern', 'pattern'],
      ['blocks.0.attn.hook_z', 'heads'],
      ['ln_final.hook_normalized', 'final'],
      ['logits', 'logits'],
    ]);
  });

  it('come before the last keys and values, or after them', () => {
    const after = hookNames(THREE).filter((name) => !reachesCache(name, THREE));
    expect(after[0]).toBe('blocks.2.attn.hook_pattern');
    expect(after.at(-1)).toBe('logits');
    expect(after).toHaveLength(9);
  });

  it.each([
    ['hook_embed', ['hook_embed']],
    ['logits', ['logits']],
    ['blocks.1.hook_resid_post', [posts[1]]],
    ['blocks.-1.hook_resid_post', [posts[2]]],
    ['blocks.-3.hook_resid_post', [posts[0]]],
    ['blocks.*.hook_resid_post', posts],
    ['blocks.0.attn.*', ['in', 'pattern', 'z'].map((name) => `blocks.0.attn.hook_${name}`)],
    ['*', ['hook_embed', 'logits']],
  ])('match %s', (pattern, names) => {
    expect(matchHooks(pattern, THREE)).toEqual(names);
  });

  it.each([
    'blocks.3.hook_resid_post',
    'blocks.-4.hook_resid_post',
    'blocks.-0.hook_resid_post',
    'blocks.0.resid_post',
    'blocks.0',
    'blocks.0.hook_resid_post.more',
    'Logits',
    '',
  ])('that do not exist list those that do: "%s"', (pattern) => {
    const act = () => matchHooks(pattern, THREE);
    expect(act).toThrow(SutureError);
    expect(act).toThrow(`No hook point is called "${pattern}"`);
    expect(act).toThrow('i from 0 to 2');
    expect(act).toThrow('blocks.{i}.attn.hook_z');
  });
});
