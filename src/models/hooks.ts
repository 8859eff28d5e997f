import { SutureError } from '../core/index.js';
import { canonicalHook } from './aliases.js';
import type { ModelConfig } from './config.js';

/** What the names of a model's hook points depend on. */
export type HookShape = Pick<ModelConfig, 'family' | 'nLayers' | 'parallel'>;

/** All hook points of a model, in the order of the forward pass. */
export function hookNames({ nLayers, parallel }: Omit<HookShape, 'family'>): string[] {
  const attention = ['attn.hook_in', 'attn.hook_pattern', 'attn.hook_z', 'hook_attn_out'];
  const block = parallel
    ? ['hook_resid_pre', ...attention, 'mlp.hook_in', 'hook_mlp_out', 'hook_resid_post']
    : [
        'hook_resid_pre',
        ...attention,
        'hook_resid_mid',
        'mlp.hook_in',
        'hook_mlp_out',
        'hook_resid_post',
      ];
  return [
    'hook_embed',
    ...Array.from({ length: nLayers }, (_, i) => block.map((name) => `blocks.${i}.${name}`)).flat(),
    'ln_final.hook_normalized',
    'logits',
  ];
}

/**
 * What a hook point's value is.
 *
 * - `stream`: [b, s, d_model], on the residual stream or one of what is read from and added to it
 * - `heads`: [b, s, n_heads, head_dim]
 * - `pattern`: [b, n_heads, s, t]
 * - `final`, `logits`: [n, d_model] and [n, vocab], only at the positions that were asked for
 */
export type HookKind = 'stream' | 'heads' | 'pattern' | 'final' | 'logits';

export function hookKind(name: string): HookKind {
  if (name === 'logits') return 'logits';
  if (name === 'ln_final.hook_normalized') return 'final';
  if (name.endsWith('.attn.hook_z')) return 'heads';
  return name.endsWith('.attn.hook_pattern') ? 'pattern' : 'stream';
}

/** Whether keys and values of some layer depend on what is at a hook point. */
export function reachesCache(name: string, shape: HookShape): boolean {
  const names = hookNames(shape);
  return names.indexOf(name) <= names.indexOf(`blocks.${shape.nLayers - 1}.attn.hook_in`);
}

/**
 * The hook points that a pattern names. `*` stands for any one part between dots, a negative
 * layer counts from the end: `blocks.*.hook_resid_post`, `blocks.-1.hook_resid_post`. Other
 * libraries' names are understood (docs/hooks.md); a layer alone is that block's output.
 *
 * @throws {SutureError} BAD_ARGUMENT where nothing matches, with the names there are, or where
 *   another library's name can mean several things, with those
 */
export function matchHooks(pattern: string | number, shape: HookShape): string[] {
  const own = canonicalHook(String(pattern), shape);
  const resolved = own.replace(/^blocks\.-(\d+)\./, (_, n) => `blocks.${shape.nLayers - n}.`);
  const parts = resolved.split('.');
  const names = hookNames(shape);
  const matches = names.filter((name) => {
    const there = name.split('.');
    return (
      there.length === parts.length && parts.every((part, i) => part === '*' || part === there[i])
    );
  });
  if (matches.length > 0) return matches;
  const general = [...new Set(names.map((name) => name.replace(/^blocks\.\d+/, 'blocks.{i}')))];
  throw new SutureError(
    'BAD_ARGUMENT',
    `No hook point is called "${pattern}". With ${shape.nLayers} layers (i from 0 to ${shape.nLayers - 1}) there are: ${general.join(', ')}.`,
  );
}
